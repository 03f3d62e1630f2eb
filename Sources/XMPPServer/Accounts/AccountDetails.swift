package import CloudModel
package import XMPP

/// All that an administrator is shown of one account.
package struct AccountDetails: Hashable, Sendable {
    /// The bare JID.
    package let address: JID
    package let createdAt: Instant
    package let isDisabled: Bool
    /// Contacts in its roster.
    package let contacts: Int
    /// Resources of the clients that are connected now.
    package let resources: [String]
    /// Now while a client is connected, otherwise when the last went; nil if none was there since the server runs.
    package let lastSeen: Instant?
}
