package import CloudModel
package import XMPP

/// A stanza that was sent to a client which never said that it got it (XEP-0198 §4).
package struct UndeliveredStanza: Hashable, Sendable {
    package let stanza: Stanza
    /// All sessions that it was sent to, this one among them.
    package let recipients: [SessionID]
    package let sentAt: Instant

    package init(_ stanza: Stanza, recipients: [SessionID], sentAt: Instant) {
        self.stanza = stanza
        self.recipients = recipients
        self.sentAt = sentAt
    }
}
