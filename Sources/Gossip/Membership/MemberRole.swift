/// What a member of the alliance is.
package enum MemberRole: String, Hashable, Codable, Sendable, CaseIterable {
    /// Owns capacity and publishes it.
    case agent
    /// Owns none; receives the rows of the others and places workloads.
    case coordinator
}
