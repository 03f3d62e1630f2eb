package import CloudModel
package import Storage
package import XML
package import XMPP

/// A query to an archive, checked and ready for the disk, and what is made of the page that comes back (XEP-0313 §4).
///
/// Knows nothing of who owns the archive or may ask it: that has been decided before.
package struct ArchiveReading: Hashable, Sendable {
    /// The request, to be answered with its `to` as sender.
    package let iq: IQ
    /// Where the answer goes, if the one who asks is a client here.
    package let session: SessionID?
    package let archive: JID
    package let selection: ArchiveSelection
    /// Whether what a room knows of its speakers is left out.
    private let hidesAddresses: Bool
    private let queryID: String?
    private let isFlipped: Bool

    /// Checks a query.
    ///
    /// - Throws: what to answer instead: `bad-request`, `feature-not-implemented`, or `item-not-found` for an id that
    ///   this archive did not give.
    package init(
        _ iq: IQ, _ query: Element, to archive: JID, session: SessionID?, by rules: MessageArchive,
        hidesAddresses: Bool = false, at now: Instant
    ) throws(StanzaError) {
        let parsed: ArchiveQuery
        do throws(PayloadError) {
            parsed = try ArchiveQuery(parsing: query)
        } catch {
            throw error.stanzaError
        }
        let filter = try ArchiveFilter(parsed.form)
        let limits = rules.limits
        func sequence(_ id: String) throws(StanzaError) -> Int64 {
            guard let sequence = rules.ids.sequence(of: id, in: archive) else { throw Self.missing }
            return sequence
        }
        var selection = ArchiveSelection(
            archive: archive.description,
            limit: min(parsed.page?.max ?? limits.pageMessages, limits.pageMessages),
            byteLimit: limits.pageBytes)
        switch parsed.page?.position ?? .first {
        case .first: break
        case .last: selection.position = .last
        case .after(let id): selection.position = .after(try sequence(id))
        case .before(let id): selection.position = .before(try sequence(id))
        case .index:
            throw StanzaError(.featureNotImplemented, text: "pages are asked for by id, not by number")
        }
        selection.peer = filter.with?.bare.description
        selection.peerResource = filter.with?.resource
        let horizon = rules.horizon(at: now).millisecondsSinceEpoch
        selection.from = max(filter.start?.millisecondsSinceEpoch ?? horizon, horizon)
        selection.until = filter.end?.millisecondsSinceEpoch
        if let id = filter.afterID { selection.after = try sequence(id) }
        if let id = filter.beforeID { selection.before = try sequence(id) }
        if let ids = filter.ids {
            var sequences: [Int64] = []
            for id in ids { sequences.append(try sequence(id)) }
            selection.sequences = sequences
        }
        self.iq = iq
        self.session = session
        self.archive = archive
        self.selection = selection
        self.hidesAddresses = hidesAddresses
        self.queryID = parsed.id
        self.isFlipped = parsed.isFlipped
    }

    /// XEP-0313 §4.1.3, §4.3.2.
    static let missing = StanzaError(.itemNotFound, text: "there is no such message in this archive")

    /// The answer: the messages of the page, then what ends them.
    ///
    /// - Parameter seesAddresses: whether the asker may still see, now that the page was read, what a room knows of its
    ///   speakers; what was hidden from him when he asked stays so.
    package func answer(
        _ page: ArchivePage, ids: ArchiveIDs, seesAddresses: Bool = true
    ) -> (messages: [Message], body: IQ.Body) {
        switch page {
        case .missing: return ([], .error(Self.missing))
        case .count(let count):
            let page = ResultSet(first: nil, last: nil, count: count)
            return ([], .result(ArchiveFin(isComplete: false, page: page).element))
        case .messages(let records, let isComplete):
            func id(_ record: ArchiveRecord) -> String { ids.id(of: record.sequence, in: self.archive) }
            let page = ResultSet(
                first: records.first.map { ResultSet.First(id: id($0)) }, last: records.last.map(id),
                count: nil)
            let fin = ArchiveFin(isComplete: isComplete, page: page)
            let ordered = self.isFlipped ? records.reversed() : records
            return (
                ordered.compactMap {
                    self.message($0, id: id($0), hidesAddresses: self.hidesAddresses || !seesAddresses)
                }, .result(fin.element)
            )
        }
    }

    /// One result; nil if what is on disk is no stanza.
    private func message(_ record: ArchiveRecord, id: String, hidesAddresses: Bool) -> Message? {
        do {
            let delay = Delay(time: DateTime(millisecondsSinceEpoch: record.receivedAt))
            var stanza = try Element(parsing: record.stanza)
            if hidesAddresses {
                stanza.children.removeAll { child in
                    if case .element(let element) = child { RoomNotice.matches(element) } else { false }
                }
            }
            let result = ArchiveResult(
                id: id, queryID: self.queryID, forwarded: Forwarded(stanza, delay: delay))
            return Message(
                to: self.iq.from, from: self.archive, kind: .normal, payloads: [result.element])
        } catch {
            // Written by this program and read back changed: left out, as a message removed from the middle may be.
            return nil
        }
    }

    /// Where the archive begins and ends (XEP-0313 §5).
    package static func metadata(
        _ ends: (first: ArchiveRecord, last: ArchiveRecord)?, of archive: JID, ids: ArchiveIDs
    ) -> ArchiveMetadata {
        func end(_ record: ArchiveRecord) -> ArchiveMetadata.End {
            ArchiveMetadata.End(
                id: ids.id(of: record.sequence, in: archive),
                time: DateTime(millisecondsSinceEpoch: record.receivedAt))
        }
        return ArchiveMetadata(start: ends.map { end($0.first) }, end: ends.map { end($0.last) })
    }
}
