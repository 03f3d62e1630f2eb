/// A condition a site must meet; one that fails rules the site out and is named in the plan.
package enum Constraint: Hashable, Codable, Sendable {
    /// Milliseconds of a latency bound, and of a response time aimed at.
    ///
    /// Of this and of the caps below, 0 is taken for a mistake.
    package static let latencies = 0.0001...60_000.0
    /// Units of currency that a replica may be allowed to cost an hour.
    package static let prices = 0.0001...1_000_000.0
    /// Grams of CO2e that a replica may be allowed to emit an hour.
    package static let emissions = 0.0001...1_000_000.0

    case country([String])
    /// Groups of countries with a law in common, by name: `eu`, `eea`.
    case region([String])
    case label(name: String, value: String)
    /// A label of that name that does not say no: `gpu`.
    case feature(String)
    case hypervisor(String)
    case only([SiteID])
    case avoid([SiteID])
    /// Predicted round trip to the weighted audience, in milliseconds.
    case latencyAtMost(milliseconds: Double)
    /// What one replica may cost an hour, in the coordinator's currency.
    case priceAtMost(perHour: Double)
    /// What one replica may emit an hour, in grams of CO2e.
    case carbonAtMost(gramsPerHour: Double)
    /// Where at least one of these workloads has a replica, by name.
    case beside([String])
    /// Where none of these workloads has a replica, by name.
    case apart([String])
    /// Predicted round trip to the nearest replica of another workload, by its name, in milliseconds.
    case within(String, milliseconds: Double)
}
