import Cryptography
import NIOCore
import Synchronization

/// The streams of other servers that may be resumed, by their tokens.
///
/// Bounded in number, by peer and for all of them, and in what waits on those whose connection is broken. What gives way
/// is what broke longest ago; a stream that is up only to newer ones of the same peer, or if nothing is broken.
///
/// Which connection carries a stream changes here, under one lock: the end of the former connection, which may be noticed
/// on another event loop at the same time, then changes nothing.
final class RemoteTallies: Sendable {
    private struct Entry {
        let tally: RemoteTally
        let addedAt: NIODeadline
        /// Nil while its connection is up, as far as is known.
        var brokenAt: NIODeadline?
        /// What waits on it, once its connection is broken: then it does not change.
        var bytes = 0

        func isOver(at now: NIODeadline) -> Bool {
            self.brokenAt.map { now - $0 >= .seconds(Int64(self.tally.seconds)) } ?? false
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// The tokens of each peer, the oldest first.
        var tokens: [String: [String]] = [:]
        /// What waits on all whose connection is broken.
        var bytes = 0
    }

    private let limit: Int
    private let limitPerPeer: Int
    private let byteLimit: Int
    private let state = Mutex(State())

    init(limit: Int, perPeer: Int, bytes: Int) {
        self.limit = limit
        self.limitPerPeer = perPeer
        self.byteLimit = bytes
    }

    var count: Int { self.state.withLock { $0.entries.count } }

    /// Remembers a stream; those that gave way to it, of connections that are broken.
    func add(_ tally: RemoteTally, at now: NIODeadline) -> [RemoteTally] {
        self.state.withLock { state in
            var gone = self.makeRoom(for: tally.peer, in: &state)
            gone += self.makeRoom(in: &state, at: now)
            state.entries[tally.token] = Entry(tally: tally, addedAt: now)
            state.tokens[tally.peer, default: []].append(tally.token)
            return gone
        }
    }

    /// The connection broke that carried `stream`: the time to resume begins, unless the peer has come back already.
    ///
    /// Returns those that cannot be resumed, which may be this one.
    func keep(_ tally: RemoteTally, after stream: String, at now: NIODeadline) -> [RemoteTally] {
        self.state.withLock { state in
            guard tally.isCarried(by: stream) else { return [] }
            guard let entry = state.entries[tally.token] else { return [tally] }
            let bytes = tally.unacknowledgedBytes
            state.entries[tally.token]?.brokenAt = now
            state.entries[tally.token]?.bytes = bytes
            state.bytes += bytes - entry.bytes
            guard state.bytes > self.byteLimit else { return [] }
            var gone: [RemoteTally] = []
            for token in Self.broken(state) where state.bytes > self.byteLimit {
                gone += Self.remove(token, from: &state)
            }
            return gone
        }
    }

    /// What was carried by `stream` will not be resumed, unless the peer has come back already.
    func forget(_ tally: RemoteTally, after stream: String) {
        self.state.withLock { state in
            guard tally.isCarried(by: stream) else { return }
            _ = Self.remove(tally.token, from: &state)
        }
    }

    /// What `peer` may resume by `token`; it goes on over `stream`, whose connection is up.
    func take(
        _ token: String, of peer: String, over stream: String, at now: NIODeadline
    ) -> RemoteTally? {
        self.state.withLock { state in
            guard let entry = state.entries[token], entry.tally.peer == peer, !entry.isOver(at: now) else {
                return nil
            }
            state.bytes -= entry.bytes
            state.entries[token]?.brokenAt = nil
            state.entries[token]?.bytes = 0
            entry.tally.move(to: stream)
            return entry.tally
        }
    }

    /// The oldest of the peer's own gives way, a broken one first.
    private func makeRoom(for peer: String, in state: inout State) -> [RemoteTally] {
        var gone: [RemoteTally] = []
        while let tokens = state.tokens[peer], tokens.count >= self.limitPerPeer,
            let token = tokens.first(where: { state.entries[$0]?.brokenAt != nil }) ?? tokens.first
        {
            gone += Self.remove(token, from: &state)
        }
        return gone
    }

    /// A sixteenth at a time, so that a full table is not sorted for each stream.
    private func makeRoom(in state: inout State, at now: NIODeadline) -> [RemoteTally] {
        guard state.entries.count >= self.limit else { return [] }
        var gone: [RemoteTally] = []
        for (token, entry) in state.entries where entry.isOver(at: now) {
            gone += Self.remove(token, from: &state)
        }
        guard state.entries.count >= self.limit else { return gone }
        let broken = Self.broken(state)
        let oldest =
            broken.isEmpty
            ? state.entries.sorted { $0.value.addedAt < $1.value.addedAt }.map(\.key) : broken
        for token in oldest.prefix(max(1, self.limit / 16)) { gone += Self.remove(token, from: &state) }
        return gone
    }

    /// Those whose connection is broken, for the longest time first.
    private static func broken(_ state: State) -> [String] {
        state.entries.compactMap { token, entry in entry.brokenAt.map { (token, $0) } }
            .sorted { $0.1 < $1.1 }.map(\.0)
    }

    /// Forgets a stream; itself, if its connection is broken, so that nothing can be done with it any more.
    private static func remove(_ token: String, from state: inout State) -> [RemoteTally] {
        guard let entry = state.entries.removeValue(forKey: token) else { return [] }
        state.bytes -= entry.bytes
        state.tokens[entry.tally.peer]?.removeAll { $0 == token }
        if state.tokens[entry.tally.peer]?.isEmpty == true { state.tokens[entry.tally.peer] = nil }
        return entry.brokenAt == nil ? [] : [entry.tally]
    }
}
