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
            guard !saga.isRemoving else { return nil }
            // Those that wait until a site can take them keep no other one from a better site.
            let isFree =
                mayMove(placement) && (saga.state == .placed || saga.state == .failed)
                && !self.moves.hasMoved(placement.id, within: coolDown, now: now)
            return RebalancingSubject(
                workload: placement.id, owner: placement.owner, specification: placement.specification,
                placed: saga.sites, movable: isFree ? placement.seats : [:])
        }
    }

    /// How many moves of the last hour there were that nobody asked for by hand.
    func movesOfTheLastHour(now: Instant) -> Int { self.moves.count(within: .seconds(3_600), now: now) }
}

extension StoredPlacement {
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
