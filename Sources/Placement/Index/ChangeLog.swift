/// Which sites have changed, in order, so that each ranking catches up when it is next used and not before.
struct ChangeLog: Sendable {
    struct Change: Sendable {
        let index: Int
        /// Whether more has changed than load, room and standing.
        let isLasting: Bool
    }

    /// Changes kept: a ranking further behind is made anew, which costs about as much as catching up would.
    private let limit: Int
    private var changes: [Change] = []
    /// The number of the first change that is kept.
    private var first = 0

    init(sites: Int) {
        self.limit = max(1_024, 2 * sites)
    }

    /// The number of the next change.
    var end: Int { self.first + self.changes.count }

    mutating func note(_ index: Int, isLasting: Bool) {
        if self.changes.count >= self.limit {
            let dropped = self.limit / 2
            self.changes.removeFirst(dropped)
            self.first += dropped
        }
        self.changes.append(Change(index: index, isLasting: isLasting))
    }

    /// What has changed since `cursor`; nil if that is no longer kept.
    func changes(since cursor: Int) -> ArraySlice<Change>? {
        cursor < self.first ? nil : self.changes[(cursor - self.first)...]
    }
}
