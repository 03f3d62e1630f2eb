/// A condition a site must meet; one that fails rules the site out and is named in the plan.
package enum Constraint: Hashable, Codable, Sendable {
    case country([String])
    case label(name: String, value: String)
    case hypervisor(String)
    case only([SiteID])
    case avoid([SiteID])
    /// Predicted round trip to the weighted audience, in milliseconds.
    case latencyAtMost(milliseconds: Double)
}
