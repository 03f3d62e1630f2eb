import Cryptography
import NIOCore
import Synchronization

/// The streams of other servers that may be resumed, by their tokens.
final class RemoteTallies: Sendable {
    private struct Entry {
        let tally: RemoteTally
        /// Nil while its connection is up, as far as is known.
        var brokenAt: NIODeadline?
        let addedAt: NIODeadline

        func isOver(at now: NIODeadline) -> Bool {
            self.brokenAt.map { now - $0 >= .seconds(Int64(self.tally.seconds)) } ?? false
        }
    }

    /// Beyond this the oldest are forgotten: their peers then begin anew.
    let limit: Int
    private let entries: Mutex<[String: Entry]> = Mutex([:])

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { self.entries.withLock { $0.count } }

    func add(_ tally: RemoteTally, at now: NIODeadline) {
        self.entries.withLock { entries in
            if entries.count >= self.limit { Self.makeRoom(in: &entries, at: now, limit: self.limit) }
            entries[tally.token] = Entry(tally: tally, brokenAt: nil, addedAt: now)
        }
    }

    /// The connection broke: the time to resume begins.
    func keep(_ tally: RemoteTally, at now: NIODeadline) {
        self.entries.withLock { $0[tally.token]?.brokenAt = now }
    }

    /// The stream was closed as agreed.
    func forget(_ tally: RemoteTally) {
        self.entries.withLock { $0[tally.token] = nil }
    }

    /// What `peer` may resume by `token`, whose connection is up again now.
    func take(_ token: String, of peer: String, at now: NIODeadline) -> RemoteTally? {
        self.entries.withLock { entries in
            guard let entry = entries[token], entry.tally.peer == peer, !entry.isOver(at: now) else {
                return nil
            }
            entries[token]?.brokenAt = nil
            return entry.tally
        }
    }

    private static func makeRoom(in entries: inout [String: Entry], at now: NIODeadline, limit: Int) {
        entries = entries.filter { !$0.value.isOver(at: now) }
        guard entries.count >= limit else { return }
        let oldest = entries.sorted { $0.value.addedAt < $1.value.addedAt }
        for (token, _) in oldest.prefix(max(1, limit / 16)) { entries[token] = nil }
    }
}
