package import XMPP

/// What a session may leave unacknowledged, and for how long it outlives its connection (XEP-0198).
package struct SessionLimits: Hashable, Sendable {
    /// Seconds that a session waits for its client after the connection broke; a client may ask for fewer.
    package var resumptionSeconds: UInt32
    /// Sessions of one account that wait so at a time; one more ends the one that has waited longest.
    package var hibernatedPerAccount: Int
    /// Presence and typing notices that wait for a client that nobody looks at (XEP-0352); one more lets all go.
    package var inactiveStanzas: Int
    /// Bytes of them; more lets all go.
    package var inactiveBytes: Int
    /// What a connected client may leave unacknowledged; one stanza more ends the session.
    ///
    /// Fewer bytes than `TransportLimits.burstBytes`, so that all of it can be sent again at once.
    package var unacknowledged: StreamManagement<UndeliveredStanza>.Limits
    /// What may wait for a client whose connection broke; one stanza more ends the session.
    package var hibernated: StreamManagement<UndeliveredStanza>.Limits

    package init(
        resumptionSeconds: UInt32 = 300, hibernatedPerAccount: Int = 5, inactiveStanzas: Int = 256,
        inactiveBytes: Int = 262_144,
        unacknowledged: StreamManagement<UndeliveredStanza>.Limits = .init(stanzas: 5_000, bytes: 2_097_152),
        hibernated: StreamManagement<UndeliveredStanza>.Limits = .init(stanzas: 500, bytes: 1_048_576)
    ) {
        self.resumptionSeconds = resumptionSeconds
        self.hibernatedPerAccount = hibernatedPerAccount
        self.inactiveStanzas = inactiveStanzas
        self.inactiveBytes = inactiveBytes
        self.unacknowledged = unacknowledged
        self.hibernated = hibernated
    }
}
