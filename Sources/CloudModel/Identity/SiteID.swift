/// The address of a site: a bare JID in its prepared form, `paris.example` or `user@domain`.
///
/// This type only carries the address; whoever makes one from text prepares it as a JID first (RFC 7622), so that
/// equal addresses are equal strings.
package struct SiteID: Hashable, Comparable, Sendable {
    package let address: String

    package init(_ address: String) {
        self.address = address
    }

    /// The address without what stands before `@`.
    package var domain: String {
        self.address.split(separator: "@", maxSplits: 1).last.map(String.init) ?? self.address
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.address < rhs.address }
}

extension SiteID: CustomStringConvertible {
    package var description: String { self.address }
}

extension SiteID: Codable, CodingKeyRepresentable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.address)
    }

    package var codingKey: any CodingKey { AddressKey(stringValue: self.address) }

    package init?(codingKey: some CodingKey) {
        self.init(codingKey.stringValue)
    }

    private struct AddressKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
