import CloudModel
import Placement
import Storage

/// What those who watch workloads are told next.
extension CoordinatorState {
    /// What is watched, by whom.
    struct Watch {
        /// Nil for all workloads.
        let workload: WorkloadID?
        /// Whose workloads may be seen; nil for everybody's.
        let owner: String?
    }

    struct Batch {
        var news: [WorkloadNews] = []
        /// Where to go on.
        var through: Int64
        /// Whether nothing before the news is missing.
        var isComplete = true
        /// Whether there will be nothing more.
        var isLast = false
    }

    /// The most events that are handed out at once.
    static let batchLimit = 200

    /// Where a watch begins that names no position: with all that is kept of one workload, or with what comes next.
    func start(of watch: Watch) -> Int64 {
        watch.workload == nil ? self.feed.settled : 0
    }

    func batch(of watch: Watch, after position: Int64) -> Batch {
        guard let id = watch.workload else {
            let found = self.feed.news(after: position, of: watch.owner, most: Self.batchLimit)
            return Batch(news: found.news, through: found.through, isComplete: found.isComplete)
        }
        guard let placement = self.placements[id] else { return Batch(through: position, isLast: true) }
        let settled = self.feed.settled
        let stored = placement.events.filter { ($0.position ?? 0) <= settled }
        let news = stored.filter { ($0.position ?? 0) > position }
        let first = placement.events.first
        // What an earlier release logged has no position, and is seen in the workload only.
        let isComplete =
            position == 0
            ? first == nil || first?.position != nil
            : (first?.number ?? 1) <= 1 || (first?.position ?? 0) <= position
        let isSettled = stored.count == placement.events.count
        return Batch(
            news: news.map { EventFeed.news($0, of: placement) },
            through: news.last?.position ?? position, isComplete: isComplete,
            isLast: placement.saga.state == .removed && isSettled)
    }

    /// Gives the events of a change that is about to be stored their places in the feed.
    mutating func number(
        _ events: [WorkloadEvent], of placement: inout StoredPlacement, now: Instant
    ) -> [WorkloadEvent] {
        var numbered: [WorkloadEvent] = []
        for event in events { numbered.append(self.feed.number(event, of: placement, now: now)) }
        placement.replaceLast(with: numbered)
        return numbered
    }
}
