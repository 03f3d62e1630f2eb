import CloudModel
import Placement
import Storage

/// How near the replicas of one part of an application are to be to parts that are bound to it.
///
/// The document bounds the part that names another one; where the other one is placed matters as much. No search for
/// a site of its replicas breaks a bound that can be kept; what is placed anew after a failure does where there is no
/// other way, and its log says so.
extension CoordinatorState {
    /// Where parts could go, as it was worked out last.
    struct Openings {
        let workload: WorkloadID
        let since: Instant
        let parts: [PartBound]
    }

    private static let openingsLast = Duration.seconds(1)

    /// The request for a site of one replica, made so that it keeps the bounds on its part.
    ///
    /// What is too far from where the replica is keeps it from nothing.
    mutating func bounded(
        _ request: PlanRequest, for replica: Int, of placement: StoredPlacement
    ) -> PlanRequest {
        request.keeping(
            self.bounds(on: placement), from: placement.saga.replicas[replica].home,
            over: self.siteIndex.knownPaths())
    }

    /// The request for a site of one replica for which there is none that keeps what `bounded` asks: it keeps as much of
    /// that as a site with room can; nil if the replica is rather nowhere.
    ///
    /// One that was never placed leaves the rest to others that are still to be placed.
    mutating func lessBounded(
        _ request: PlanRequest, than bounded: PlanRequest, for replica: Int, of placement: StoredPlacement,
        now: Instant, _ planner: Planner
    ) throws(SpecificationError) -> PlanRequest? {
        let searching = placement.saga.replicas[replica]
        let isShared = searching.keeping == nil && placement.saga.hasReplicaToPlace(besides: replica)
        guard !bounded.bounds.isEmpty, searching.mayGoTooFar || isShared else { return nil }
        let plan = try planner.plan(request, over: self.snapshot(now: now))
        let sites = plan.verdicts.filter(\.isFeasible).map(\.site)
        let others = sites.filter { !searching.postponed.contains($0) }
        let less = request.keepingMost(
            of: bounded.bounds, among: others.isEmpty ? sites : others, over: self.siteIndex.knownPaths())
        return searching.mayGoTooFar || !less.bounds.isEmpty ? less : nil
    }

    /// The same for a replica that was never placed, made so that it also leaves a site to those parts that are bound to
    /// its own and still to be placed.
    ///
    /// They got their sites together with it, and the one that it had there has refused it.
    mutating func leavingRoom(
        _ request: PlanRequest, for placement: StoredPlacement, now: Instant, _ planner: Planner
    ) throws(SpecificationError) -> PlanRequest {
        let openings = try self.openings(after: placement, now: now, planner)
        return request.leavingRoom(for: openings, over: self.siteIndex.knownPaths())
    }

    /// What is to be said of replicas that were placed anew since `before`, and too far from parts that are bound to
    /// theirs.
    mutating func brokenBounds(of placement: StoredPlacement, since before: PlacementSaga) -> [KeepingNote] {
        guard placement.specification.part != nil else { return [] }
        let arrivals = zip(before.replicas, placement.saga.replicas).compactMap {
            old, new -> (Int, SiteID)? in
            if case .placed = old.phase { return nil }
            guard case .placed(let hold, _) = new.phase, old.keeping != nil, new.epoch >= old.epoch else {
                return nil
            }
            return (new.index, hold.site)
        }
        guard !arrivals.isEmpty else { return [] }
        let bounds = self.bounds(on: placement)
        guard !bounds.isEmpty else { return [] }
        let paths = self.siteIndex.knownPaths()
        var notes: [KeepingNote] = []
        for (replica, site) in arrivals {
            // One that is near some of them leaves the rest to another that is still to be placed.
            if placement.saga.hasReplicaToPlace(besides: replica),
                bounds.contains(where: { bound in
                    bound.sites.contains { paths.isWithin(bound.milliseconds, from: [site], to: $0) }
                })
            {
                continue
            }
            for bound in bounds {
                let far = bound.sites.sorted().first { other in
                    !paths.isWithin(bound.milliseconds, from: placement.saga.sites.keys, to: other)
                }
                guard let far else { continue }
                let way = paths.milliseconds(from: site, to: far)
                notes.append(bound.remark(on: replica, at: site, far: far, way: way))
            }
        }
        return notes
    }

    // MARK: Inside

    /// Where the parts could go that are bound to this one's and still to be placed.
    ///
    /// Kept for a moment: each replica that a site refuses asks for it, and it takes as many plans as there are parts.
    private mutating func openings(
        after placement: StoredPlacement, now: Instant, _ planner: Planner
    ) throws(SpecificationError) -> [PartBound] {
        if let known = self.openings, known.workload == placement.id, known.since <= now,
            known.since.duration(to: now) < Self.openingsLast
        {
            return known.parts
        }
        let parts = self.partsToCome(after: placement)
        guard !parts.isEmpty else { return [] }
        let openings = try ApplicationPlanner(planner)
            .openings(of: parts, over: self.snapshot(now: now)) { part in
                self.neighbours(of: part, ownedBy: placement.owner)
            }
        self.openings = Openings(workload: placement.id, since: now, parts: openings)
        return openings
    }

    /// What those parts ask that are there as the document wants them.
    private func bounds(on placement: StoredPlacement) -> [PartBound] {
        guard let part = placement.specification.part,
            let saga = self.applications.applications[part.application]?.saga
        else { return [] }
        return self.applications.workloads(of: part.application).compactMap { id in
            guard let other = self.placements[id], !other.saga.isRemoving,
                let reference = other.specification.part,
                saga[part: reference.part]?.generation == reference.generation,
                let limit = other.specification.bound(to: part.workloadName)
            else { return nil }
            let sites = Set(other.saga.sites.keys)
            if sites.isEmpty { return nil }
            return PartBound(name: reference.workloadName, milliseconds: limit, sites: sites)
        }
    }

    /// The parts that are bound to this one and are not there yet, and how near they must be.
    private func partsToCome(
        after placement: StoredPlacement
    ) -> [(workload: WorkloadSpecification, milliseconds: Double)] {
        guard let part = placement.specification.part,
            let saga = self.applications.applications[part.application]?.saga
        else { return [] }
        let wanted = saga.specification
        let there = self.partsThere(of: saga)
        return wanted.ordered.filter { !there.contains($0.name) }.compactMap { other in
            guard let limit = other.bounds.filter({ $0.part == part.part }).map(\.milliseconds).min() else {
                return nil
            }
            let generation = saga[part: other.name]?.generation ?? 1
            let workload = wanted.workload(of: other, as: saga.id, generation: generation)
            return (workload: workload, milliseconds: limit)
        }
    }
}
