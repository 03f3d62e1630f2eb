package import CloudModel
package import XMPP

/// What a domain remembers of its archives; the messages are on disk.
///
/// Serves every owner alike: an account's archive, and a room's, which has no preferences.
package struct MessageArchive: Sendable {
    package let ids: ArchiveIDs
    package let limits: ArchiveLimits
    /// What holds for accounts that have said nothing.
    package let standard: ArchivePreferences.Standard
    private var preferences: [JID: ArchivePreferences]
    private var lastSequence: Int64

    /// - Parameters:
    ///   - lastSequence: the highest that is on disk.
    package init(
        ids: ArchiveIDs, limits: ArchiveLimits = ArchiveLimits(),
        standard: ArchivePreferences.Standard = .always, preferences: [JID: ArchivePreferences] = [:],
        lastSequence: Int64 = 0
    ) {
        self.ids = ids
        self.limits = limits
        self.standard = standard
        self.preferences = preferences
        self.lastSequence = lastSequence
    }

    package func preferences(of account: JID) -> ArchivePreferences {
        self.preferences[account] ?? ArchivePreferences(standard: self.standard)
    }

    /// The account's preferences are on disk; nil for an account that is gone.
    mutating func set(_ preferences: ArchivePreferences?, of account: JID) {
        self.preferences[account] = preferences
    }

    /// Gives a message its place in an archive.
    ///
    /// A sequence is a thousand times the moment in milliseconds, or one more than the last if that is not more: so it
    /// rises even where the clock does not, is never given twice by a later run, and says which messages are too old.
    package mutating func file(
        _ message: Message, in archive: JID, peer: JID, at now: Instant
    ) -> ArchiveEntry {
        self.lastSequence = max(self.lastSequence + 1, Self.firstSequence(at: now))
        return ArchiveEntry(
            sequence: self.lastSequence, archive: archive, receivedAt: now, peer: peer, message: message,
            id: self.ids.id(of: self.lastSequence, in: archive))
    }

    /// The lowest sequence a message can have that came at that moment.
    package static func firstSequence(at instant: Instant) -> Int64 {
        let (product, overflow) = max(instant.millisecondsSinceEpoch, 0).multipliedReportingOverflow(
            by: 1_000)
        return overflow ? .max / 2 : product
    }

    /// Messages that came before this are too old to be shown.
    package func horizon(at now: Instant) -> Instant {
        now.advanced(by: .seconds(-86_400 * self.limits.days))
    }
}
