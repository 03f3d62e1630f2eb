package import CloudModel

/// What a plan says about one site: how good it is, or why it is out.
package struct Verdict: Hashable, Codable, Sendable {
    package let site: SiteID
    package let name: String
    /// Empty if the site could take a replica.
    package let objections: [Objection]
    /// What the first replica costs there, in its parts; nil if the site is out.
    package let cost: Cost?
    package let latency: LatencyPrediction?
    /// The response time aimed at, in milliseconds.
    package let target: Double?
    /// The share of the users whose round trip is within the target, 0…1; nil if no target was named.
    package let withinTarget: Double?
    /// What one replica costs an hour, in `currency`; nil if that cannot be said.
    package let price: Double?
    package let currency: String?
    /// What one replica emits an hour, in grams of CO2e; nil if the site does not say.
    package let carbon: Double?
    /// The reported load and what this coordinator was granted since, 0…1.
    package let load: Double
    /// What is free as far as this coordinator knows, less what it was granted since.
    package let free: Resources
    package let largestFreeSlot: Resources
    /// How old the knowledge is, in milliseconds; nil if there is none.
    package let ageMilliseconds: Int64?
    /// Whether the site is heard; a suspect one comes after all that are reachable.
    package let reachability: Reachability
    /// How many of the replicas the plan puts here.
    package internal(set) var replicas: Int
    /// The most replicas that its hosts can have, as no two may share one; nil if they may.
    package let hostLimit: Int?

    package var isFeasible: Bool { self.objections.isEmpty }
}

extension Verdict {
    /// The verdict on a site as its figures were before the plan took from them.
    init(
        _ view: SiteView, objections: [Objection], cost: Cost?, target: Double?, currency: String,
        hostLimit: Int?, replicas: Int
    ) {
        self.init(
            site: view.site, name: view.candidate.description.name, objections: objections, cost: cost,
            latency: view.latency, target: target,
            withinTarget: target.flatMap { view.latency?.share(within: $0) }, price: view.price,
            currency: view.price.map { _ in currency }, carbon: view.carbon, load: view.figures.load,
            free: view.figures.free, largestFreeSlot: view.figures.slot,
            ageMilliseconds: view.ageMilliseconds, reachability: view.candidate.reachability,
            replicas: replicas, hostLimit: hostLimit)
    }

    /// The verdict on a site that is known by name only.
    init(_ site: UnheardSite, objections: [Objection], latency: LatencyPrediction?) {
        self.init(
            site: site.site, name: site.name, objections: objections, cost: nil, latency: latency,
            target: nil,
            withinTarget: nil, price: nil, currency: nil, carbon: nil, load: 1, free: .zero,
            largestFreeSlot: .zero, ageMilliseconds: nil, reachability: site.reachability, replicas: 0,
            hostLimit: nil)
    }

    /// Feasible sites first, those that are suspect after the others, the least cost first, then by address.
    func precedes(_ other: Verdict) -> Bool {
        (self.rank, self.cost?.total ?? 0, self.site) < (other.rank, other.cost?.total ?? 0, other.site)
    }

    private var rank: Int {
        guard self.isFeasible else { return 2 }
        return self.reachability == .suspect ? 1 : 0
    }
}
