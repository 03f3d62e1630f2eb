import GRDB

/// One contact in somebody's roster, with where both subscriptions stand.
package struct RosterItemRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "rosterItem"

    /// The local part of the account, or empty for the domain itself.
    package var owner: String
    /// The contact's bare JID.
    package var contact: String
    package var name: String?
    package var groups: [String]
    /// Whether the owner sees the contact's presence: `none`, `pending` or `established`.
    package var outgoing: String
    /// Whether the contact sees the owner's presence: `none`, `pending` or `established`.
    package var incoming: String
    package var isPreApproved: Bool
    /// Whether the owner's clients see the item; a mere request for subscription is not listed.
    package var isListed: Bool
    /// The pending request as it came (RFC 6121 §3.1.3), to be shown at each login until it is answered.
    package var request: String?

    package init(
        owner: String, contact: String, name: String?, groups: [String], outgoing: String, incoming: String,
        isPreApproved: Bool, isListed: Bool, request: String?
    ) {
        self.owner = owner
        self.contact = contact
        self.name = name
        self.groups = groups
        self.outgoing = outgoing
        self.incoming = incoming
        self.isPreApproved = isPreApproved
        self.isListed = isListed
        self.request = request
    }
}
