/// One message of one archive.
package struct ArchiveRecord: Hashable, Sendable {
    /// Its place among all archived messages; never used twice.
    package var sequence: Int64
    /// The bare JID of whoever owns the archive.
    package var archive: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var receivedAt: Int64
    /// The other side's bare JID, and its resource if it has one.
    package var peer: String
    package var peerResource: String?
    /// The stanza as XML.
    package var stanza: String

    package init(
        sequence: Int64, archive: String, receivedAt: Int64, peer: String, peerResource: String?,
        stanza: String
    ) {
        self.sequence = sequence
        self.archive = archive
        self.receivedAt = receivedAt
        self.peer = peer
        self.peerResource = peerResource
        self.stanza = stanza
    }
}
