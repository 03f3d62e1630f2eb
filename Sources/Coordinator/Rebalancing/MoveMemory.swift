import CloudModel

/// When replicas were on the move lately, for whatever reason: what budget and cool-down are counted by.
///
/// The logs do not tell the moves that somebody asked for by hand from others: those before the start count for the
/// budget, too.
struct MoveMemory {
    /// Moves that are remembered: more than any budget of an hour allows.
    static let limit = 4 * RebalancingPolicy.movesPerHourMax

    /// The latest moves, in the order in which they were told.
    private var moves: [Instant] = []
    /// The latest of each workload.
    private var latest: [WorkloadID: Instant] = [:]

    /// Takes in what a workload's log says; at the start of the process all that is kept of it.
    mutating func note(_ events: [WorkloadEvent], of workload: WorkloadID) {
        for event in events where event.kind.isMove {
            self.moves.append(event.at)
            self.latest[workload] = max(event.at, self.latest[workload] ?? event.at)
        }
        if self.moves.count > Self.limit { self.moves = Array(self.moves.sorted().suffix(Self.limit / 2)) }
    }

    /// Takes moves that were noted out of the budget again, as somebody asked for them by hand.
    mutating func excuse(_ events: [WorkloadEvent]) {
        for event in events where event.kind == .moving {
            if let index = self.moves.lastIndex(of: event.at) { self.moves.remove(at: index) }
        }
    }

    mutating func forget(_ workload: WorkloadID) { self.latest[workload] = nil }

    /// How many there were within `time`; what a clock that was set back dates later counts.
    func count(within time: Duration, now: Instant) -> Int {
        self.moves.count { $0.duration(to: now) < time }
    }

    func hasMoved(_ workload: WorkloadID, within time: Duration, now: Instant) -> Bool {
        self.latest[workload].map { $0.duration(to: now) < time } ?? false
    }
}

extension WorkloadEvent.Kind {
    /// Whether a replica leaves its site.
    fileprivate var isMove: Bool {
        switch self {
        case .moving, .leaving, .lost, .replacing: true
        case .refused, .placed, .unplaceable, .running, .failed, .stopped, .deleted, .restarting, .added,
            .dropped, .waiting, .removed:
            false
        }
    }
}
