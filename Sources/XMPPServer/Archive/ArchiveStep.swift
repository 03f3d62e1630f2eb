package import XMPP

/// What is to be read from or written to the archives before somebody is answered.
package enum ArchiveStep: Hashable, Sendable {
    case read(ArchiveReading)
    /// Where the archive begins and ends, for whoever sent the request.
    case describe(IQ, SessionID?, archive: JID)
    case setPreferences(ArchivePreferences, AccountRequest)
}
