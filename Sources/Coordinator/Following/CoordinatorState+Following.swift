import CloudModel
import Placement
import Storage

/// What the users of a workload need, from what is reported and known of the sites.
extension CoordinatorState {
    /// What all decisions of one look rest on.
    struct FollowingRound {
        let sites: [SiteID: SiteDescription]
        let positions: [SiteID: Position]
        let roundTrips: RoundTrips
        /// Those that are heard: what the others said last may long be over.
        let reachable: Set<SiteID>
        let now: Instant

        init(_ view: AllianceView, now: Instant) {
            self.sites = Dictionary(
                view.sites.map { ($0.description.site, $0.description) },
                uniquingKeysWith: { first, _ in first })
            self.positions = view.landmarks.merging(self.sites.compactMapValues(\.position)) { $1 }
            self.roundTrips = view.roundTrips
            self.reachable = Set(
                view.sites.filter { $0.reachability == .reachable }.map(\.description.site))
            self.now = now
        }
    }

    /// Something to be done for the users of a workload, and how many replicas it had when that was decided.
    struct Following {
        let decision: Follower.Decision
        let replicas: Int
        /// Whether a site was looked for.
        let hasSearched: Bool
    }

    /// The workloads whose users are followed, in the order of their turns.
    var followed: [WorkloadID] {
        let followed = self.placements.values.filter {
            $0.specification.following != nil && !$0.saga.isRemoving
        }
        return self.following.turns(of: followed.map(\.id).sorted())
    }

    /// Decides what is done for the users of a workload now; nil if nothing may be looked for now and something would be.
    mutating func follow(
        _ id: WorkloadID, _ round: FollowingRound, _ follower: Follower, _ planner: Planner, maySearch: Bool,
        using generator: inout some RandomNumberGenerator
    ) -> Following? {
        guard let placement = self.placements[id], let wishes = placement.specification.following else {
            return nil
        }
        var memory = self.following.memory(of: id)
        memory.note(changes: placement.changes(withinTheHourOf: round.now))
        let view = self.view(of: placement, wishes, memory, round, planner)
        let wish = follower.review(&memory, wishes, view)
        var candidate: FollowingView.Candidate?
        var refusal = ""
        var hasSearched = false
        switch wish {
        case .nothing, .less: break
        case .more, .near:
            guard maySearch else {
                self.following.remember(memory, of: id)
                return nil
            }
            self.following.searched(for: id)
            hasSearched = true
        }
        switch wish {
        case .nothing, .less: break
        case .more: (candidate, refusal) = self.candidate(for: nil, of: placement, round, planner, &generator)
        case .near(let response):
            (candidate, refusal) = self.candidate(
                for: response.place, of: placement, round, planner, &generator)
        }
        let decision = follower.decide(
            wish, &memory, wishes, view, candidate: candidate, refusal: refusal)
        self.following.remember(memory, of: id)
        return Following(
            decision: decision, replicas: placement.saga.wantedCount, hasSearched: hasSearched)
    }

    private func view(
        of placement: StoredPlacement, _ wishes: FollowingWishes, _ memory: FollowingMemory,
        _ round: FollowingRound, _ planner: Planner
    ) -> FollowingView {
        let lastChange = placement.lastChange
        // One of the future is from before the clock was set back.
        let since = [lastChange, memory.changes.last].compactMap { $0 }.filter { $0 <= round.now }.max()
        var responses =
            self.following.responses(
                of: placement.id, percentile: wishes.percentile, at: round.now, since: since) ?? []
        // Those whom it was placed for count even while nothing is heard of them.
        let heard = Set(responses.map(\.place))
        for share in placement.specification.audience.shares where !heard.contains(share.place) {
            if case .workload = share.place { continue }
            responses.append(PlaceResponse(place: share.place, count: 0, milliseconds: 0, recent: nil))
        }
        let sites = placement.saga.placedSites
        // Nobody knows what runs at a site that is not heard.
        let isKnown = sites.allSatisfy { round.reachable.contains($0.site) }
        let replicas = sites.map { index, site in
            FollowedReplica(
                index: index, site: site, price: self.price(of: placement, at: site, round, planner))
        }
        var roundTrips: [Audience.Place: [SiteID: Double]] = [:]
        for response in responses {
            let predictor = self.predictor(for: response.place, round, planner)
            for site in Set(sites.map(\.site)) {
                let prediction = predictor.predict(for: site, at: round.positions[site])
                roundTrips[response.place, default: [:]][site] = prediction?.milliseconds
            }
        }
        return FollowingView(
            now: round.now, replicas: replicas, responses: responses, roundTrips: roundTrips,
            isBusy: placement.saga.isBusy || !isKnown,
            least: placement.specification.keeping?.minimum ?? 0, lastChange: lastChange)
    }

    /// The best site for another replica near `place`, or why there is none.
    private mutating func candidate(
        for place: Audience.Place?, of placement: StoredPlacement, _ round: FollowingRound,
        _ planner: Planner,
        _ generator: inout some RandomNumberGenerator
    ) -> (FollowingView.Candidate?, refusal: String) {
        let request = self.growth(of: placement, by: 1, near: place.map { Audience(near: $0) })
        do throws(SpecificationError) {
            switch try self.choose(request, now: round.now, planner, using: &generator) {
            case .sites(let assignments):
                guard let site = assignments.first?.site else { return (nil, "no site is known") }
                let predictor = place.map { self.predictor(for: $0, round, planner) }
                let prediction = predictor?.predict(for: site, at: round.positions[site])
                let candidate = FollowingView.Candidate(
                    site: site, roundTrip: prediction?.milliseconds,
                    price: self.price(of: placement, at: site, round, planner))
                return (candidate, "")
            case .nowhere(let plan): return (nil, plan.lines.prefix(3).joined(separator: "; "))
            }
        } catch {
            return (nil, "\(error)")
        }
    }

    private func predictor(
        for place: Audience.Place, _ round: FollowingRound, _ planner: Planner
    ) -> LatencyPredictor {
        LatencyPredictor(
            audience: Audience(near: place), positions: round.positions, roundTrips: round.roundTrips,
            model: planner.rules.latency)
    }

    private func price(
        of placement: StoredPlacement, at site: SiteID, _ round: FollowingRound, _ planner: Planner
    ) -> Double? {
        planner.rules.pricePerHour(round.sites[site]?.price, for: placement.specification.resources)
    }
}

extension Audience {
    /// The users at one place.
    init(near place: Place) {
        self.init(shares: [Share(place: place, weight: 1)])
    }
}

extension StoredPlacement {
    private static let changes: Set<WorkloadEvent.Kind> = [.added, .dropped, .moving]

    /// When the number or the places of its replicas were last changed, by whomever.
    var lastChange: Instant? { self.events.last { Self.changes.contains($0.kind) }?.at }

    func changes(withinTheHourOf now: Instant) -> [Instant] {
        self.events.filter { Self.changes.contains($0.kind) && $0.at.duration(to: now) < .seconds(3_600) }
            .map(\.at)
    }
}
