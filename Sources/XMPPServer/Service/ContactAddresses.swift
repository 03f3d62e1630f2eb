package import XMPP

/// Whom to turn to about this domain (XEP-0157): addresses as URIs (`mailto:`, `xmpp:`, `https:`) for each concern.
package struct ContactAddresses: Hashable, Sendable {
    /// What somebody may want to talk about.
    package enum Concern: String, Hashable, Sendable, CaseIterable {
        case abuse
        case administration = "admin"
        case feedback
        case sales
        case security
        case status
        case support

        /// The field in the form.
        var field: String { "\(self.rawValue)-addresses" }
    }

    package static let formType = "http://jabber.org/network/serverinfo"

    package var addresses: [Concern: [String]]

    package init(_ addresses: [Concern: [String]] = [:]) {
        self.addresses = addresses
    }

    /// What service discovery adds to what it says of the domain; nil if there is nobody to turn to.
    package var form: DataForm? {
        let fields = Concern.allCases.compactMap { concern -> DataForm.Field? in
            guard let addresses = self.addresses[concern], !addresses.isEmpty else { return nil }
            return DataForm.Field(concern.field, .listMulti, values: addresses)
        }
        guard !fields.isEmpty else { return nil }
        let type = DataForm.Field(DataForm.formTypeField, .hidden, values: [Self.formType])
        return DataForm(.result, fields: [type] + fields)
    }
}
