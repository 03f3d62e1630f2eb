package import CloudModel

/// What a decision about following rests on, beside what is remembered.
package struct FollowingView: Hashable, Sendable {
    /// A site that could take another replica.
    package struct Candidate: Hashable, Sendable {
        package let site: SiteID
        /// To the users it is for, in milliseconds; nil if not known.
        package let roundTrip: Double?
        package let price: Double?

        package init(site: SiteID, roundTrip: Double?, price: Double?) {
            self.site = site
            self.roundTrip = roundTrip
            self.price = price
        }
    }

    package var now: Instant
    package let replicas: [FollowedReplica]
    /// How many of them are at each site.
    private let counts: [SiteID: Int]
    /// How fast users are answered since the last change.
    package var responses: [PlaceResponse]
    /// Predicted round trips between users and the sites of the replicas, in milliseconds.
    package var roundTrips: [Audience.Place: [SiteID: Double]]
    /// Whether replicas are being placed, moved or dropped, are down, or are at sites that are not heard.
    package var isBusy: Bool
    /// How many more are wanted and nowhere until a site can take them.
    package var waiting: Int
    /// How many replicas must run while others move.
    package var least: Int
    /// When the number or the places of replicas were last changed, by whomever.
    package var lastChange: Instant?

    package init(
        now: Instant, replicas: [FollowedReplica], responses: [PlaceResponse],
        roundTrips: [Audience.Place: [SiteID: Double]], isBusy: Bool = false, waiting: Int = 0,
        least: Int = 0, lastChange: Instant? = nil
    ) {
        self.now = now
        self.replicas = replicas
        self.counts = replicas.reduce(into: [:]) { $0[$1.site, default: 0] += 1 }
        self.responses = responses
        self.roundTrips = roundTrips
        self.isBusy = isBusy
        self.waiting = waiting
        self.least = least
        self.lastChange = lastChange
    }

    /// What all replicas cost an hour; nil if that of one is not known.
    var cost: Double? {
        self.replicas.reduce(0) { sum, replica in
            sum.flatMap { sum in replica.price.map { sum + $0 } }
        }
    }

    /// How users at a place are served by some of the replicas.
    struct Service {
        /// To the nearest of them.
        let roundTrip: Double
        /// How many are about as near.
        let replicas: Int
    }

    /// The sites where there are any, in order.
    var sites: [SiteID] { self.counts.keys.sorted() }

    /// The replica at `site` that came last; nil if there is none.
    func last(at site: SiteID) -> FollowedReplica? {
        self.replicas.filter { $0.site == site }.max { $0.index < $1.index }
    }

    /// How users at `place` are served if there is one less at `absent`; nil if nobody knows how far anything is.
    func service(
        to place: Audience.Place, withoutOneAt absent: SiteID? = nil, within margin: Double
    ) -> Service? {
        let trips = self.counts.compactMap { site, count -> (way: Double, count: Int)? in
            let left = site == absent ? count - 1 : count
            guard left > 0, let way = self.roundTrips[place]?[site] else { return nil }
            return (way, left)
        }
        guard let nearest = trips.map(\.way).min() else { return nil }
        let near = trips.filter { $0.way <= nearest + margin }
        return Service(roundTrip: nearest, replicas: near.reduce(0) { $0 + $1.count })
    }
}
