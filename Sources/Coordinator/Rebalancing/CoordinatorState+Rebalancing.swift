import CloudModel
import Placement
import Storage

/// What a rebalancer needs to know.
extension CoordinatorState {
    /// Every workload with a place; of those that may be moved now only the ones that `mayMove` lets.
    func rebalancingSubjects(
        coolDown: Duration, now: Instant, where mayMove: (StoredPlacement) -> Bool
    ) -> [RebalancingSubject] {
        self.placements.values.compactMap { placement in
            let saga = placement.saga
            guard saga.state != .removed else { return nil }
            let isFree =
                mayMove(placement) && saga.state == .placed && !placement.hasMoved(within: coolDown, now: now)
            return RebalancingSubject(
                workload: placement.id, owner: placement.owner, specification: placement.specification,
                placed: saga.sites, movable: isFree ? placement.seats : [:])
        }
    }

    /// How many moves of the last hour there were, for whatever reason.
    func movesOfTheLastHour(now: Instant) -> Int {
        self.placements.values.reduce(0) { $0 + $1.moves(within: .seconds(3_600), now: now).count }
    }
}

extension StoredPlacement {
    /// Moves that were begun lately; of what a clock that was set back dates later, all.
    fileprivate func moves(within time: Duration, now: Instant) -> [WorkloadEvent] {
        self.events.filter { $0.kind == .moving && $0.at.duration(to: now) < time }
    }

    fileprivate func hasMoved(within time: Duration, now: Instant) -> Bool {
        !self.moves(within: time, now: now).isEmpty
    }

    /// Where its replicas are that may be moved now.
    fileprivate var seats: [Int: RebalancingSubject.Seat] {
        var seats: [Int: RebalancingSubject.Seat] = [:]
        for replica in self.saga.replicas {
            guard let site = replica.hold?.site,
                self.saga.objectionToMoving(replica.index, self.specification.keeping) == nil
            else { continue }
            seats[replica.index] = RebalancingSubject.Seat(site: site, near: replica.near)
        }
        return seats
    }
}
