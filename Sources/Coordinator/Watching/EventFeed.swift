import CloudModel
import Storage

/// What has happened to workloads, in one order: what those who watch are told from.
///
/// Each event has a position. Positions rise and none is given twice, not even by the process after this one, for a
/// position is the time in milliseconds, or one more than the position before where that is later. A reader that comes
/// back says the last one that it knows.
struct EventFeed {
    /// The latest events that are kept for those who watch all workloads.
    static let limit = 10_000

    private(set) var entries: [WorkloadNews] = []
    /// The highest position that was given.
    private var last: Int64 = 0
    /// Everything after this position that was not told yet is in `entries`.
    private(set) var floor: Int64 = 0
    /// Positions of events that are not known to be on disk, and whose they are: none of those, and nothing after them,
    /// is told, for a crash could take it back.
    private var unstored: [Int64: WorkloadID] = [:]

    /// Everything up to this position is on disk.
    var settled: Int64 { self.unstored.keys.min().map { $0 - 1 } ?? self.last }

    /// Takes up what was stored.
    ///
    /// Of workloads removed before `forgetting` nothing is known any more.
    mutating func load(_ placements: [StoredPlacement], forgetting: Instant) {
        self.floor = max(0, forgetting.millisecondsSinceEpoch)
        for placement in placements {
            self.entries += placement.events.filter { $0.position != nil }.map {
                Self.news($0, of: placement)
            }
            if let first = placement.events.first, first.number > 1, let position = first.position {
                self.floor = max(self.floor, position - 1)
            }
        }
        self.entries.sort { Self.position($0) < Self.position($1) }
        // Who begins now, or has been told so far, has missed nothing, however old the last event is.
        self.last = max(self.floor, self.entries.last.map(Self.position) ?? 0)
        self.trim(to: Self.limit)
    }

    /// Gives the next position to an event of `placement` that is about to be stored.
    mutating func number(_ event: WorkloadEvent, of placement: StoredPlacement, now: Instant) -> WorkloadEvent
    {
        self.last = max(self.last + 1, now.millisecondsSinceEpoch)
        var event = event
        event.position = self.last
        self.unstored[self.last] = placement.id
        self.entries.append(Self.news(event, of: placement))
        // Not at each one: what is left moves to the front.
        if self.entries.count >= Self.limit + Self.limit / 4 { self.trim(to: Self.limit) }
        return event
    }

    mutating func stored(_ events: [WorkloadEvent]) {
        for event in events {
            if let position = event.position { self.unstored[position] = nil }
        }
    }

    /// Forgets that something of `workload` is to be stored: it never will be.
    mutating func forget(_ workload: WorkloadID) {
        guard !self.unstored.isEmpty else { return }
        self.unstored = self.unstored.filter { $0.value != workload }
    }

    /// What `owner` may see of what happened after `position`; everybody's if there is no owner.
    ///
    /// At most `most` events are looked at; `through` is where to go on. After position 0 is whatever is kept.
    func news(
        after position: Int64, of owner: String?, most: Int
    ) -> (news: [WorkloadNews], through: Int64, isComplete: Bool) {
        let settled = self.settled
        let start = self.index(after: position)
        let looked = self.entries[start...].prefix(most).prefix { Self.position($0) <= settled }
        // What is missing is told once.
        let through = looked.last.map(Self.position) ?? max(position, min(self.floor, settled), 0)
        return (
            looked.filter { owner == nil || $0.owner == owner }, through,
            position == 0 || position >= self.floor
        )
    }

    private mutating func trim(to count: Int) {
        let surplus = self.entries.count - count
        guard surplus > 0 else { return }
        self.floor = max(self.floor, Self.position(self.entries[surplus - 1]))
        self.entries.removeFirst(surplus)
    }

    /// The index of the first event after `position`, found by halves.
    private func index(after position: Int64) -> Int {
        var range = 0..<self.entries.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            if Self.position(self.entries[middle]) <= position {
                range = (middle + 1)..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }

    static func news(_ event: WorkloadEvent, of placement: StoredPlacement) -> WorkloadNews {
        WorkloadNews(
            workload: placement.id, name: placement.specification.name, owner: placement.owner, event: event)
    }

    private static func position(_ news: WorkloadNews) -> Int64 { news.event.position ?? 0 }
}
