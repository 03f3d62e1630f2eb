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
    /// How old the knowledge is, in milliseconds.
    package let ageMilliseconds: Int64
    /// How many of the replicas the plan puts here.
    package internal(set) var replicas: Int

    package var isFeasible: Bool { self.objections.isEmpty }
}
