package import CloudModel

/// What a plan says about one site: how good it is, or why it is out.
package struct Verdict: Hashable, Codable, Sendable {
    package let site: SiteID
    package let name: String
    /// Empty if the site could take a replica.
    package let objections: [Objection]
    /// How good the site is for the first replica; nil if it is out.
    package let score: Score?
    package let latency: LatencyPrediction?
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

    package var isFeasible: Bool { self.objections.isEmpty }
}

extension Verdict {
    /// The verdict on a site as its figures were before the plan took from them.
    init(_ view: SiteView, objections: [Objection], score: Score?, replicas: Int) {
        self.init(
            site: view.site, name: view.candidate.description.name, objections: objections, score: score,
            latency: view.latency, load: view.load, free: view.free, largestFreeSlot: view.slot,
            ageMilliseconds: view.age.wholeMilliseconds, reachability: view.candidate.reachability,
            replicas: replicas)
    }

    /// The verdict on a site that is known by name only.
    init(_ site: UnheardSite, objections: [Objection], latency: LatencyPrediction?) {
        self.init(
            site: site.site, name: site.name, objections: objections, score: nil, latency: latency, load: 1,
            free: .zero, largestFreeSlot: .zero, ageMilliseconds: nil, reachability: site.reachability,
            replicas: 0)
    }

    /// Feasible sites first, those that are suspect after the others, the best score first, then by address.
    func precedes(_ other: Verdict) -> Bool {
        (self.rank, -(self.score?.total ?? 0), self.site) < (
            other.rank, -(other.score?.total ?? 0), other.site
        )
    }

    private var rank: Int {
        guard self.isFeasible else { return 2 }
        return self.reachability == .suspect ? 1 : 0
    }
}
