import CloudModel
import Federation
import Placement
import Storage

/// What all decisions of one look at the users rest on, beside the workloads themselves.
///
/// Nothing here needs the coordinator's lock: predictions for all places and sites of a workload take a while.
struct FollowingRound {
    private let sites: [SiteID: SiteDescription]
    private let positions: [SiteID: Position]
    private let roundTrips: RoundTrips
    /// Those that are heard: what the others said last may long be over.
    private let reachable: Set<SiteID>
    let now: Instant
    let planner: Planner

    init(_ view: AllianceView, now: Instant, _ planner: Planner) {
        self.sites = Dictionary(
            view.sites.map { ($0.description.site, $0.description) },
            uniquingKeysWith: { first, _ in first })
        self.positions = view.landmarks.merging(self.sites.compactMapValues(\.position)) { $1 }
        self.roundTrips = view.roundTrips
        self.reachable = Set(
            view.sites.filter { $0.reachability == .reachable }.map(\.description.site))
        self.now = now
        self.planner = planner
    }

    /// What is to be decided about a workload rests on this.
    func view(of followed: FollowedWorkload) -> FollowingView {
        let placement = followed.placement
        var responses = followed.responses
        // Those whom it was placed for count even while nothing is heard of them.
        let heard = Set(responses.map(\.place))
        for share in placement.specification.audience.shares where !heard.contains(share.place) {
            if case .workload = share.place { continue }
            responses.append(PlaceResponse(place: share.place, count: 0, milliseconds: 0, recent: nil))
        }
        let sites = placement.saga.placedSites
        // Nobody knows what runs at a site that is not heard.
        let isKnown = sites.allSatisfy { self.reachable.contains($0.site) }
        let replicas = sites.map { index, site in
            FollowedReplica(index: index, site: site, price: self.price(of: placement, at: site))
        }
        var roundTrips: [Audience.Place: [SiteID: Double]] = [:]
        for response in responses {
            let predictor = self.predictor(for: response.place)
            for site in Set(sites.map(\.site)) {
                let prediction = predictor.predict(for: site, at: self.positions[site])
                roundTrips[response.place, default: [:]][site] = prediction?.milliseconds
            }
        }
        return FollowingView(
            now: self.now, replicas: replicas, responses: responses, roundTrips: roundTrips,
            isBusy: placement.saga.isBusy || !isKnown, waiting: placement.saga.waitingCount,
            least: placement.specification.keeping?.minimum ?? 0, lastChange: placement.lastChange)
    }

    /// What a site that could take another replica is worth to users at `place`, or to the workload's own if that is
    /// nil.
    func candidate(
        _ site: SiteID, for place: Audience.Place?, of placement: StoredPlacement
    ) -> FollowingView.Candidate {
        let prediction = place.flatMap {
            self.predictor(for: $0).predict(for: site, at: self.positions[site])
        }
        return FollowingView.Candidate(
            site: site, roundTrip: prediction?.milliseconds, price: self.price(of: placement, at: site))
    }

    private func predictor(for place: Audience.Place) -> LatencyPredictor {
        LatencyPredictor(
            audience: Audience(near: place), positions: self.positions, roundTrips: self.roundTrips,
            model: self.planner.rules.latency)
    }

    private func price(of placement: StoredPlacement, at site: SiteID) -> Double? {
        self.planner.rules.pricePerHour(
            self.sites[site]?.price, for: placement.specification.resources)
    }
}
