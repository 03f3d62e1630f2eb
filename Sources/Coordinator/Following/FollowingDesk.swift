import CloudModel
import Placement

/// What is known of the response times of all workloads, and what following them has come to.
///
/// Kept in memory only: it says how users are answered now, and is reported again within minutes of a restart. What was
/// changed within the last hour is also in the workloads' logs, so that a restart gives nobody a new budget.
struct FollowingDesk {
    /// Places of all workloads that are known at once, at about 2 KiB each.
    static let placeLimit = 20_000
    /// Of those, places of the workloads of one owner.
    static let placesPerOwner = 2_000
    /// How many workloads sites are looked for in one round; the others have their turn in the next.
    static let searchesPerRound = 20
    /// How often it is looked whether users are answered well.
    static let interval = Duration.seconds(15)

    private var books: [WorkloadID: ResponseBook] = [:]
    private var memories: [WorkloadID: FollowingMemory] = [:]
    private var owners: [WorkloadID: String] = [:]
    private var places = 0
    /// The workload for which a site was looked for last.
    private var lastSearch: WorkloadID?
    private var next: Duration?

    /// Whether it is time to look, by a clock that never jumps; if so, the time for the next look is set.
    mutating func isDue(at uptime: Duration) -> Bool {
        if let next, uptime < next { return false }
        self.next = uptime + Self.interval
        return true
    }

    /// Takes a report; false if it is about one place too many.
    mutating func record(
        _ report: ResponseReport, about workload: WorkloadID, of owner: String, at now: Instant
    ) -> Bool {
        var book = self.books[workload] ?? ResponseBook()
        let before = book.count
        guard book.record(report, at: now) else { return false }
        let more = book.count - before
        if more > 0 {
            let own = self.books.reduce(0) { $0 + (self.owners[$1.key] == owner ? $1.value.count : 0) }
            guard own + more <= Self.placesPerOwner, self.places + more <= Self.placeLimit else {
                return false
            }
        }
        self.places += more
        self.books[workload] = book
        self.owners[workload] = owner
        return true
    }

    /// `workloads` in the order of their turns: those first that come behind the last for which a site was looked for.
    func turns(of workloads: [WorkloadID]) -> [WorkloadID] {
        guard let last = self.lastSearch else { return workloads }
        return workloads.filter { $0 > last } + workloads.filter { $0 <= last }
    }

    mutating func searched(for workload: WorkloadID) { self.lastSearch = workload }

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
        self.owners[workload] = nil
    }

    /// Makes room of what was not reported of late.
    mutating func forget(before now: Instant) {
        for (workload, var book) in self.books {
            book.forget(now)
            self.books[workload] = book.count == 0 ? nil : book
            if book.count == 0 { self.owners[workload] = nil }
        }
        self.places = self.books.values.reduce(0) { $0 + $1.count }
    }
}
