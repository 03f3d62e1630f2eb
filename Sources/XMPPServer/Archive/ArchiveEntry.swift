package import CloudModel
package import XMPP

/// A message on its way into an archive, with the place and the id it has there.
package struct ArchiveEntry: Hashable, Sendable {
    package let sequence: Int64
    /// The bare JID of whoever owns the archive.
    package let archive: JID
    package let receivedAt: Instant
    /// The other side: whom it is to or from.
    package let peer: JID
    package let message: Message
    /// How the archive's owner knows it.
    package let id: String

    /// What is put into the message for those who may see the archive (XEP-0313 §3.2).
    package var stanzaID: StanzaID { StanzaID(id: self.id, by: self.archive) }
}
