import CloudModel
import Storage
import XML
import XMPP

extension ArchiveRecord {
    /// The entry as it is written to disk, with its stanza as text.
    init(_ entry: ArchiveEntry, stanza: String) {
        self.init(
            sequence: entry.sequence, archive: entry.archive.description,
            receivedAt: entry.receivedAt.millisecondsSinceEpoch, peer: entry.peer.bare.description,
            peerResource: entry.peer.resource, stanza: stanza)
    }

    /// The records of these entries, in order.
    ///
    /// Both ends of a conversation keep the same message; it is printed once.
    static func records(of entries: [ArchiveEntry]) throws(PrintError) -> [ArchiveRecord] {
        var printed: (message: Message, text: String)?
        var records: [ArchiveRecord] = []
        records.reserveCapacity(entries.count)
        for entry in entries {
            let text: String
            if let printed, printed.message == entry.message {
                text = printed.text
            } else {
                text = try Stanza.message(entry.message).element().serializedText()
                printed = (entry.message, text)
            }
            records.append(ArchiveRecord(entry, stanza: text))
        }
        return records
    }
}

extension ArchivePreferences {
    /// The preferences as they were written to disk; throws if this version cannot read them.
    init(_ stored: StoredArchivePreferences) throws {
        guard let standard = Standard(rawValue: stored.standard) else {
            throw PayloadError("the archive preferences of \(stored.archive) are unknown: \(stored.standard)")
        }
        self.init(
            standard: standard, always: try stored.always.map { try JID($0) },
            never: try stored.never.map { try JID($0) })
    }
}

extension StoredArchivePreferences {
    /// The preferences as they are written to disk.
    init(_ preferences: ArchivePreferences, of account: JID, standard: ArchivePreferences.Standard) {
        self.init(
            archive: account.description, standard: (preferences.standard ?? standard).rawValue,
            always: preferences.always.map(\.description), never: preferences.never.map(\.description))
    }
}
