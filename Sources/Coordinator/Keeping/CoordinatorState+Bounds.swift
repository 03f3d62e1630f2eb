import CloudModel
import Placement
import Storage

/// How near the replicas of one part of an application are to be to parts that are bound to it.
///
/// The document bounds the part that names another one; where the other one is placed matters as much. No search for
/// a site of its replicas breaks a bound that can be kept; what is placed anew after a failure does where there is no
/// other way, and its log says so.
extension CoordinatorState {
    /// What another part of the application asks of the distance to one.
    struct PartBound {
        /// The part that asks, as workloads call it: `shop-api`.
        let name: String
        /// The longest round trip from each of its replicas to the nearest one of the other part.
        let milliseconds: Double
        /// Where it is, or could be.
        let sites: [SiteID: Int]
    }

    /// Where parts could go, as it was worked out last.
    struct Openings {
        let workload: WorkloadID
        let since: Instant
        let parts: [PartBound]
    }

    private static let openingsLast = Duration.seconds(1)

    /// Round trips between sites, as plans predict them.
    private struct SitePaths {
        private let positions: [SiteID: Position]
        private let roundTrips: RoundTrips
        private let model: LatencyModel

        init(_ snapshot: PlacementSnapshot, model: LatencyModel) {
            var positions = snapshot.landmarks
            for candidate in snapshot.candidates {
                guard let position = candidate.description.position else { continue }
                positions[candidate.description.site] = position
            }
            self.positions = positions
            self.roundTrips = snapshot.roundTrips
            self.model = model
        }

        /// The shortest of those from any of `sites`; nil if none is known.
        func milliseconds(from sites: some Collection<SiteID>, to other: SiteID) -> Double? {
            if sites.contains(other) { return 0 }
            let predictor = LatencyPredictor(
                audience: Audience(near: .site(other)), positions: self.positions,
                roundTrips: self.roundTrips, model: self.model)
            return sites.compactMap { site in
                predictor.predict(for: site, at: self.positions[site])?.milliseconds
            }.min()
        }

        func isWithin(
            _ limit: Double, from sites: some Collection<SiteID>, to other: SiteID
        ) -> Bool {
            self.milliseconds(from: sites, to: other).map { $0 <= limit } ?? false
        }
    }

    /// The request for a site of one replica, made so that it keeps the bounds on its part: near those that no other
    /// replica of it is near enough to.
    ///
    /// What is too far from where the replica is now keeps it from nothing.
    mutating func bounded(
        _ request: PlanRequest, for replica: Int, of placement: StoredPlacement, now: Instant
    ) -> PlanRequest {
        let bounds = self.bounds(on: placement)
        guard !bounds.isEmpty else { return request }
        let paths = self.paths(now: now)
        let here = placement.saga.replicas[replica].hold?.site
        var bounded = request
        for bound in bounds {
            let limit = bound.milliseconds
            let open = bound.sites.filter { entry in
                !paths.isWithin(limit, from: request.placed.keys, to: entry.key)
                    && (here.map { paths.isWithin(limit, from: [$0], to: entry.key) } ?? true)
            }
            guard !open.isEmpty else { continue }
            bounded.near[bound.name] = min(limit, bounded.near[bound.name] ?? limit)
            bounded.neighbours[bound.name] = bounded.neighbours[bound.name] ?? open
        }
        return bounded
    }

    /// The same for a replica that was never placed, made so that it also leaves a site to those parts that are bound to
    /// its own and still to be placed.
    ///
    /// They got their sites together with it, and the one that it had there has refused it.
    mutating func leavingRoom(
        _ request: PlanRequest, for placement: StoredPlacement, now: Instant, _ planner: Planner
    ) throws(SpecificationError) -> PlanRequest {
        let openings = try self.openings(after: placement, now: now, planner)
        guard !openings.isEmpty else { return request }
        let paths = self.paths(now: now)
        var leaving = request
        for opening in openings {
            // One for which there is no room anywhere says nothing about where the other one should be.
            guard !opening.sites.isEmpty,
                !opening.sites.keys.contains(where: {
                    paths.isWithin(opening.milliseconds, from: request.placed.keys, to: $0)
                })
            else { continue }
            leaving.near[opening.name] = opening.milliseconds
            leaving.neighbours[opening.name] = opening.sites
        }
        return leaving
    }

    /// What is to be said of replicas that were placed anew since `before`, and too far from parts that are bound to
    /// theirs.
    mutating func brokenBounds(
        of placement: StoredPlacement, since before: PlacementSaga, now: Instant
    ) -> [KeepingNote] {
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
        let paths = self.paths(now: now)
        var notes: [KeepingNote] = []
        for (replica, site) in arrivals {
            for bound in bounds {
                let far = bound.sites.keys.sorted().first { other in
                    !paths.isWithin(bound.milliseconds, from: placement.saga.sites.keys, to: other)
                }
                guard let far else { continue }
                let way = paths.milliseconds(from: [site], to: far).map { Self.text($0.rounded(.up)) + " ms" }
                let limit = Self.text(bound.milliseconds)
                notes.append(
                    KeepingNote(
                        .waiting, replica: replica, site: site,
                        "is at \(site) although a round trip to \(bound.name) at \(far) takes "
                            + "\(way ?? "an unknown time") and at most \(limit) ms was asked for: "
                            + "no site near enough could take it"))
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
        let snapshot = self.snapshot(now: now)
        var openings: [PartBound] = []
        for (part, limit) in parts {
            var one = part
            one.replicas = 1
            let neighbours = self.neighbours(of: part, ownedBy: placement.owner)
            let plan = try planner.plan(PlanRequest(one, neighbours: neighbours), over: snapshot)
            let sites = plan.verdicts.filter { verdict in
                verdict.ageMilliseconds != nil && verdict.objections.allSatisfy { $0.kind == .within }
            }.map(\.site)
            openings.append(
                PartBound(
                    name: "\(part.partName) (still to be placed)", milliseconds: limit,
                    sites: Dictionary(sites.map { ($0, 1) }, uniquingKeysWith: { first, _ in first })))
        }
        self.openings = Openings(workload: placement.id, since: now, parts: openings)
        return openings
    }

    private mutating func paths(now: Instant) -> SitePaths {
        SitePaths(self.snapshot(now: now), model: self.siteIndex.rules.latency)
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
                let limit = other.specification.longestWay(to: part.workloadName)
            else { return nil }
            let sites = other.saga.sites
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
        let there = Set(
            self.parts(of: part.application).compactMap { workload in
                workload.specification.part.flatMap { reference in
                    saga[part: reference.part]?.generation == reference.generation ? reference.part : nil
                }
            })
        let wanted = saga.specification
        return wanted.ordered.filter { !there.contains($0.name) }.compactMap { other in
            guard let limit = other.bounds.filter({ $0.part == part.part }).map(\.milliseconds).min() else {
                return nil
            }
            let generation = saga[part: other.name]?.generation ?? 1
            let workload = wanted.workload(of: other, as: saga.id, generation: generation)
            return (workload: workload, milliseconds: limit)
        }
    }

    /// `130`, `0.5`.
    private static func text(_ milliseconds: Double) -> String {
        guard milliseconds == milliseconds.rounded(), milliseconds < 1_000_000_000 else {
            return "\(milliseconds)"
        }
        return "\(Int(milliseconds))"
    }
}

extension WorkloadSpecification {
    /// The longest round trip in milliseconds that it allows to another workload; nil for any.
    fileprivate func longestWay(to name: String) -> Double? {
        self.constraints.compactMap { constraint in
            if case .within(name, let limit) = constraint { limit } else { nil }
        }.min()
    }
}
