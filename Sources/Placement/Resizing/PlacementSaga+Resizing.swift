package import CloudModel

/// More replicas, or fewer.
///
/// A replica keeps its index for as long as it is wanted, as its machine is named after it. One that is dropped keeps
/// its place in the saga, and with it its epoch: when the index is used again, the epoch rises, so that no request,
/// lease or report of the old one is ever taken for one of the new.
extension PlacementSaga {
    /// How many replicas are wanted.
    package var wantedCount: Int { self.replicas.count(where: \.isWanted) }

    /// Whether the number is what it is as no site took replicas that were added.
    package var hasFallenBack: Bool { self.replicas.contains { $0.isTurnedAway == true } }

    /// The indices that `count` more replicas get: first those of which nothing is left anywhere, then new ones, and
    /// only when there are `limit` of them those of replicas whose machines are still being deleted.
    package func vacancies(
        for count: Int, limit: Int = SpecificationLimits.replicas.upperBound
    ) -> [Int] {
        let dropped = self.replicas.filter { !$0.isWanted }
        let free = dropped.filter(\.isGone).map(\.index)
        let busy = dropped.filter { !$0.isGone }.map(\.index)
        let new = Array(self.replicas.count..<max(self.replicas.count, limit))
        return Array((free + new + busy).prefix(max(0, count)))
    }

    /// Adds the replicas of `indices`, which `vacancies(for:limit:)` has named; they need sites near `audience`, or
    /// near that of the workload.
    package mutating func grow(_ indices: [Int], near audience: Audience?) -> [Directive] {
        guard !self.isRemoving else { return [] }
        for index in self.replicas.indices { self.replicas[index].isTurnedAway = nil }
        let number = (self.replicas.compactMap(\.addition?.number).max() ?? 0) + 1
        var directives: [Directive] = []
        for index in indices.sorted() {
            if index == self.replicas.count { self.replicas.append(.placeholder(index: index)) }
            guard self.replicas.indices.contains(index), !self.replicas[index].isWanted else { continue }
            directives += self.revive(index)
            let replica = self.replicas[index]
            // While its old machine is being deleted the epoch has not risen yet.
            let isEnding = if case .replacing = replica.phase { true } else { false }
            self.replicas[index].addition = ReplicaPlacement.Addition(
                number: number, epoch: isEnding ? replica.nextEpoch : replica.epoch)
            self.replicas[index].near = audience
        }
        return directives
    }

    /// Makes a replica wanted again, under the next epoch if it ever had one.
    private mutating func revive(_ index: Int) -> [Directive] {
        self.replicas[index].isDropped = nil
        self.replicas[index].search = self.nextSearch
        switch self.replicas[index].phase {
        case .releasing(let hold, _, _):
            return self.enter(
                .withdrawing(hold, asked: 0, reason: "was not wanted for a while"), replica: index)
        case .deleting(let hold, let machine, _):
            return self.enter(.replacing(hold, machine, asked: 0), replica: index)
        case .gone where self.replicas[index].turn > 0: return self.renew(index)
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .placed, .replacing,
            .exhausted, .gone:
            return self.enter(.planning, replica: index)
        }
    }

    /// The replicas that go when the workload shrinks by `count`: of those named, in their order, as many as must;
    /// then such as do not run, then those that were placed last.
    ///
    /// What is later goes by the coordinator's own count, as the sites' clocks may differ; of those that were placed
    /// together the ones with the highest numbers go.
    package func leavers(_ count: Int, first named: [Int]) -> [Int] {
        let wanted = self.replicas.filter(\.isWanted)
        var chosen: [Int] = []
        for index in named where !chosen.contains(index) && wanted.contains(where: { $0.index == index }) {
            chosen.append(index)
        }
        let others = wanted.filter { !chosen.contains($0.index) }.sorted { one, other in
            (one.isDown ? 1 : 0, one.rankOfPlacing, one.index)
                > (other.isDown ? 1 : 0, other.rankOfPlacing, other.index)
        }
        return Array((chosen + others.map(\.index)).prefix(max(0, count)))
    }

    /// The number of a search that begins now: above those of all before it that brought a replica where it is.
    var nextSearch: Int {
        var last = 0
        for replica in self.replicas {
            last = max(last, replica.search ?? 0, replica.keeping?.predecessor?.search ?? 0)
        }
        return last + 1
    }

    /// Gives up the replicas of `indices` for good: what they hold is released and their machines are deleted.
    package mutating func drop(_ indices: [Int]) -> [Directive] {
        for index in self.replicas.indices { self.replicas[index].isTurnedAway = nil }
        var directives: [Directive] = []
        for index in indices.sorted()
        where self.replicas.indices.contains(index) && self.replicas[index].isWanted {
            self.replicas[index].isDropped = true
            self.replicas[index].addition = nil
            self.replicas[index].near = nil
            let predecessor = self.replicas[index].keeping?.predecessor
            self.replicas[index].keeping = nil
            if let predecessor {
                var keeping = ReplicaKeeping()
                keeping.predecessor = predecessor
                self.replicas[index].keeping = keeping
            }
            directives += self.giveUp(replica: index)
        }
        return directives
    }

    /// Whether a replica is being placed, moved or started, or is down: what users wait for then says little.
    ///
    /// One that is nowhere until a site can take it may be so for long, and they are served without it.
    package var isBusy: Bool {
        self.isRemoving || self.hasOneUnderWay || self.replicas.contains { $0.isWanted && !$0.isAtRest }
    }

    /// How many wanted replicas are nowhere until a site can take them.
    package var waitingCount: Int {
        self.replicas.count { replica in
            guard replica.isWanted, case .exhausted = replica.phase else { return false }
            return true
        }
    }

    /// Where each wanted replica is that has been placed.
    package var placedSites: [(index: Int, site: SiteID)] {
        self.replicas.compactMap { replica in
            guard replica.isWanted, case .placed(let hold, _) = replica.phase else { return nil }
            return (replica.index, hold.site)
        }
    }

    /// Why the workload cannot be resized now; nil if it can.
    package var objectionToResizing: String? {
        guard !self.isRemoving else { return "it is being removed" }
        guard self.isGang else { return nil }
        let wanted = self.replicas.filter(\.isWanted)
        if wanted.contains(where: { $0.phase == .gone }) {
            return "it was asked for as a whole and could not be placed; remove it and place it anew"
        }
        let isPlacing = wanted.contains { replica in
            if case .placed = replica.phase { false } else { replica.isPlacedFirst }
        }
        return isPlacing ? "it is placed as a whole or not at all, and is still being placed" : nil
    }
}

extension ReplicaPlacement {
    /// A place that no replica has had yet.
    fileprivate static func placeholder(index: Int) -> Self {
        var replica = Self(index: index)
        replica.phase = .gone
        replica.isDropped = true
        return replica
    }

    /// Whether the workload has a use for it.
    package var isWanted: Bool { self.isDropped != true }

    /// Whether it runs where it is, or is nowhere until a site can take it.
    fileprivate var isAtRest: Bool {
        switch self.phase {
        case .placed: self.machine?.state == .running
        // What it leaves serves users, and is to end.
        case .exhausted: self.keeping?.predecessor == nil
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .replacing,
            .releasing, .deleting, .gone:
            false
        }
    }

    /// Whether nothing of it is left anywhere.
    var isGone: Bool { self.phase == .gone && self.keeping?.predecessor == nil }

    /// Whether nothing of it runs, as far as is known: neither its machine nor the one that it leaves.
    fileprivate var isDown: Bool {
        if let predecessor = self.keeping?.predecessor, !predecessor.isEnding { return false }
        guard case .placed = self.phase else { return true }
        return self.machine?.state != .running
    }

    /// Higher for one that was placed later; one that is not placed is the latest.
    fileprivate var rankOfPlacing: Int {
        guard case .placed = self.phase else { return .max }
        return self.search ?? 0
    }
}
