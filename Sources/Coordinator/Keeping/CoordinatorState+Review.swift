import CloudModel
import Placement
import Storage

/// One look at all workloads that may need something.
extension CoordinatorState {
    /// A workload that may need something.
    private struct Due {
        let rank: WaitingRank
        let circumstances: Circumstances
    }

    /// What one review has done so far.
    private struct Round {
        let view: AllianceView
        /// Whether sites are looked for: for everybody who waits, or a later one would be served before an earlier.
        let isLooking: Bool
        var looks = 0
        var moves = 0
        /// Whether somebody's turn did not come.
        var isCutShort = false
    }

    /// All that makes one replica of a workload harder to place anew than another.
    private struct Standpoint: Hashable {
        let site: SiteID?
        let barred: Set<SiteID>
        let near: Audience?

        init(_ replica: ReplicaPlacement) {
            self.site = replica.hold?.site
            self.barred = Set(replica.barred.keys)
            self.near = replica.near
        }
    }

    /// Does what is due now; the changes are to be stored and carried out.
    mutating func review(
        _ view: AllianceView, now: Instant, uptime: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> [Change] {
        let due = self.due(view, now: now, uptime: uptime)
        // A review that could not look for all begins where the last one ended, so that every workload has its turn.
        let last = self.lastLook
        let start = due.firstIndex { entry in last.map { $0 < entry.rank } ?? true } ?? 0
        var round = Round(
            view: view,
            isLooking: due.contains { entry in
                self.mayLook(for: entry.rank.id, now: now) && !self.replicasToMove(entry).isEmpty
            })
        var changes: [Change] = []
        for entry in due[start...] + due[..<start] {
            // One that waits with several replicas has its turn with all of them.
            var moves: Int
            repeat {
                moves = round.moves
                if let change = self.review(entry, in: &round, using: &generator) { changes.append(change) }
            } while round.moves > moves
        }
        if !round.isCutShort { self.lastLook = nil }
        return changes
    }

    /// Workloads that may need something now, those first that are served first.
    private mutating func due(_ view: AllianceView, now: Instant, uptime: Duration) -> [Due] {
        let draining = Self.draining(view)
        var due: [Due] = []
        for placement in self.placements.values {
            let circumstances = self.circumstances(
                of: placement, draining: draining, now: now, uptime: uptime)
            if self.keeper.isDue(placement.saga, under: circumstances) {
                due.append(Due(rank: WaitingRank(placement), circumstances: circumstances))
            }
        }
        return due.sorted { $0.rank < $1.rank }
    }

    /// The replicas of a workload that would be placed anew now if sites could take them.
    private func replicasToMove(_ entry: Due) -> [Int] {
        guard let placement = self.placements[entry.rank.id] else { return [] }
        return self.keeper.replicasToMove(
            in: placement.saga, placement.specification.keeping, under: entry.circumstances)
    }

    /// Sites in reach that are being emptied.
    private static func draining(_ view: AllianceView) -> Set<SiteID> {
        Set(
            view.sites.filter { $0.description.isBeingEmptied && $0.reachability == .reachable }
                .map(\.description.site))
    }

    private mutating func review(
        _ entry: Due, in round: inout Round, using generator: inout some RandomNumberGenerator
    ) -> Change? {
        let id = entry.rank.id
        guard let placement = self.placements[id] else { return nil }
        var circumstances = entry.circumstances
        let now = circumstances.now
        let found = self.findRoom(
            for: entry, of: placement, in: &round, under: &circumstances, using: &generator)
        let change = self.change(id, now: now, under: circumstances) { _ in [] }
        if let found, self.settle(found.replica, room: found.room, of: placement, now: now) {
            round.moves += 1
        }
        guard let change else { return nil }
        self.count(change.directives, of: placement.specification.resources, now: now)
        return change
    }

    /// Looks for a site for one of the replicas that would leave for it, and notes those that none can take.
    private mutating func findRoom(
        for entry: Due, of placement: StoredPlacement, in round: inout Round,
        under circumstances: inout Circumstances, using generator: inout some RandomNumberGenerator
    ) -> (replica: Int, room: ReservationID)? {
        guard round.isLooking else { return nil }
        let now = circumstances.now
        let replicas = placement.saga.replicas
        for replica in self.replicasToMove(entry) where !circumstances.sought.contains(replica) {
            guard round.looks < Coordinator.looksPerReview else {
                // It is kept all the same; its turn to be looked for comes in the next review.
                round.isCutShort = true
                return nil
            }
            if round.looks == 0 { self.learn(round.view, now: now) }
            round.looks += 1
            self.lastLook = entry.rank
            if let room = self.findRoom(for: replica, of: placement, now: now, using: &generator) {
                circumstances.placeable = [replica]
                return (replica, room.id)
            }
            // What none can take of one, none can take of those that must keep away from the same sites.
            let standpoint = Standpoint(replicas[replica])
            for other in replicas where Standpoint(other) == standpoint {
                circumstances.sought.insert(other.index)
            }
            self.looked(for: placement.id, now: now, pause: Coordinator.lookPause)
        }
        return nil
    }

    /// Gives up the room that was found for a replica unless it has left for it; then it is not looked for at once
    /// again.
    private mutating func settle(
        _ replica: Int, room: ReservationID, of before: StoredPlacement, now: Instant
    ) -> Bool {
        let after = self.placements[before.id]?.saga.replicas[replica]
        guard after?.isElsewhere(than: before.saga.replicas[replica]) != true else {
            self.looks[before.id] = nil
            return true
        }
        self.withLedger { $0.ended(room) }
        self.looked(for: before.id, now: now, pause: Coordinator.lookPause)
        return false
    }

    /// What a decision about keeping a workload rests on.
    private mutating func circumstances(
        of placement: StoredPlacement, draining: Set<SiteID>, now: Instant, uptime: Duration
    ) -> Circumstances {
        var circumstances = Circumstances(now: now, draining: draining)
        self.judgeLeases(
            &circumstances, of: placement.saga, lease: placement.specification.keeping?.lease, at: uptime)
        return circumstances
    }

    // MARK: Before those who are new

    /// How many workloads wait for room that are served before a new one of that priority.
    func waiting(before priority: Int?, now: Instant) -> Int {
        self.waitingRanks(now: now).count { $0.precedesNewcomer(of: priority) }
    }

    /// Counts the room that those could take now who wait and are served before a new workload of that priority, as
    /// many as one review looks for; the caller gives it back once the new one has chosen.
    ///
    /// Whoever room is found for looks for it in the next review.
    mutating func setRoomAside(
        before priority: Int?, _ view: AllianceView, now: Instant, uptime: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> [ReservationID] {
        let ranks = self.waitingRanks(now: now).filter { $0.precedesNewcomer(of: priority) }
        return self.setRoomAside(for: ranks, view, now: now, uptime: uptime, using: &generator)
    }

    /// The same before more replicas of a workload that there is; those of its own that wait come first too.
    mutating func setRoomAside(
        beforeMoreOf placement: StoredPlacement, _ view: AllianceView, now: Instant, uptime: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> [ReservationID] {
        let own = WaitingRank(placement)
        let ranks = self.waitingRanks(now: now).filter { $0 <= own }
        return self.setRoomAside(for: ranks, view, now: now, uptime: uptime, using: &generator)
    }

    private mutating func setRoomAside(
        for ranks: [WaitingRank], _ view: AllianceView, now: Instant, uptime: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> [ReservationID] {
        let draining = Self.draining(view)
        var rooms: [ReservationID] = []
        var misses = 0
        for rank in ranks.sorted().prefix(Coordinator.looksPerReview) {
            guard let placement = self.placements[rank.id] else { continue }
            let circumstances = self.circumstances(
                of: placement, draining: draining, now: now, uptime: uptime)
            // Where room was found for replicas of this one, and from where there is none.
            var found: [SiteID: Int] = [:]
            var hopeless: Set<Standpoint> = []
            for replica in self.replicasToMove(Due(rank: rank, circumstances: circumstances)) {
                let standpoint = Standpoint(placement.saga.replicas[replica])
                if hopeless.contains(standpoint) { continue }
                guard rooms.count < Coordinator.looksPerReview else { return rooms }
                // Each workload has one look at least, however many replicas of others can go nowhere.
                guard hopeless.isEmpty || misses < Coordinator.looksPerReview else { break }
                guard
                    let room = self.findRoom(
                        for: replica, of: placement, besides: found, now: now, using: &generator)
                else {
                    misses += 1
                    hopeless.insert(standpoint)
                    continue
                }
                found[room.site, default: 0] += 1
                self.looks[rank.id] = now
                rooms.append(room.id)
            }
        }
        return rooms
    }

    /// Those that wait, in no order.
    private func waitingRanks(now: Instant) -> [WaitingRank] {
        self.looks.compactMap { id, next in
            // One that waits is looked for again and again.
            next.advanced(by: Coordinator.lookPause) > now ? self.placements[id].map(WaitingRank.init) : nil
        }
    }
}
