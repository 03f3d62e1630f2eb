import CloudModel
import Placement

/// What is known of the response times of all workloads, and what following them has come to.
///
/// Kept in memory only: it says how users are answered now, and is reported again within minutes of a restart. What was
/// changed within the last hour is also in the workloads' logs, so that a restart gives nobody a new budget.
struct FollowingDesk {
    /// Places of all workloads that are known at once, at about 2 KiB each.
    static let placeLimit = 20_000
    /// How often it is looked whether users are answered well.
    static let interval = Duration.seconds(15)

    private var books: [WorkloadID: ResponseBook] = [:]
    private var memories: [WorkloadID: FollowingMemory] = [:]
    private var places = 0
    private var next: Duration?

    /// Whether it is time to look, by a clock that never jumps; if so, the time for the next look is set.
    mutating func isDue(at uptime: Duration) -> Bool {
        if let next, uptime < next { return false }
        self.next = uptime + Self.interval
        return true
    }

    /// Takes a report; false if it is about one place too many.
    mutating func record(_ report: ResponseReport, about workload: WorkloadID, at now: Instant) -> Bool {
        guard self.places < Self.placeLimit || self.books[workload] != nil else { return false }
        var book = self.books[workload] ?? ResponseBook()
        let before = book.count
        guard book.record(report, at: now), self.places + book.count - before <= Self.placeLimit else {
            return false
        }
        self.places += book.count - before
        self.books[workload] = book
        return true
    }

    /// How users of a workload are answered; nil if nothing was ever reported, or it is long ago.
    func responses(
        of workload: WorkloadID, percentile: Int, at now: Instant, since: Instant? = nil
    ) -> [PlaceResponse]? {
        self.books[workload]?.responses(percentile: percentile, at: now, since: since)
    }

    /// What following a workload has come to.
    func memory(of workload: WorkloadID) -> FollowingMemory {
        self.memories[workload] ?? FollowingMemory()
    }

    mutating func remember(_ memory: FollowingMemory, of workload: WorkloadID) {
        self.memories[workload] = memory
    }

    mutating func forget(_ workload: WorkloadID) {
        self.places -= self.books.removeValue(forKey: workload)?.count ?? 0
        self.memories[workload] = nil
    }

    /// Makes room of what was not reported of late.
    mutating func forget(before now: Instant) {
        for (workload, var book) in self.books {
            book.forget(now)
            self.books[workload] = book.count == 0 ? nil : book
        }
        self.places = self.books.values.reduce(0) { $0 + $1.count }
    }
}
