/// Whether a site is heard from here; never a reason to delete or to start anything.
package enum Reachability: String, Hashable, Codable, Sendable, CaseIterable {
    case reachable
    /// Silent for longer than usual, or a ping failed: last choice for new placements.
    case suspect
    /// Silent for so long that no new placement goes there. What runs there is left alone.
    case unreachable
}
