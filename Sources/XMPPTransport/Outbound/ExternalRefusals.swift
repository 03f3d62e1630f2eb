import NIOCore
import XMPP

/// Who has refused our certificate of late, so that the next stream begins with dialback at once.
///
/// Pure: time comes in as an argument.
struct ExternalRefusals: Sendable {
    /// Beyond this the oldest are forgotten: they are then asked once more.
    private let limit: Int
    /// After this it is tried again: the other side may have been mended.
    private let time: TimeAmount
    private var refused: [DomainPair: NIODeadline] = [:]

    init(limit: Int, time: TimeAmount) {
        self.limit = limit
        self.time = time
    }

    var count: Int { self.refused.count }

    func contains(_ pair: DomainPair, at now: NIODeadline) -> Bool {
        self.refused[pair].map { now - $0 < self.time } ?? false
    }

    mutating func remember(_ pair: DomainPair, at now: NIODeadline) {
        if self.refused[pair] == nil, self.refused.count >= self.limit { self.makeRoom(at: now) }
        self.refused[pair] = now
    }

    private mutating func makeRoom(at now: NIODeadline) {
        self.refused = self.refused.filter { now - $0.value < self.time }
        guard self.refused.count >= self.limit else { return }
        let oldest = self.refused.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (pair, _) in oldest.prefix(max(1, self.limit / 16)) { self.refused[pair] = nil }
    }
}
