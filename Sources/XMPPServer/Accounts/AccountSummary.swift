package import CloudModel
package import XMPP

/// One line of the list of accounts.
package struct AccountSummary: Hashable, Sendable {
    /// The bare JID.
    package let address: JID
    package let createdAt: Instant
    /// Clients that are connected now.
    package let sessions: Int
    /// Whether nobody may log in to it.
    package let isDisabled: Bool

    package init(address: JID, createdAt: Instant, sessions: Int, isDisabled: Bool) {
        self.address = address
        self.createdAt = createdAt
        self.sessions = sessions
        self.isDisabled = isDisabled
    }
}
