/// Where a workload would go, and why.
public struct PlacementPlan: Hashable, Sendable, Decodable {
    /// Where one replica would go.
    public struct Assignment: Hashable, Sendable, Decodable {
        /// The replica's number, from 0.
        public let replica: Int
        /// The site.
        public let site: String
    }

    /// Whether there is a site for every replica.
    public let isComplete: Bool
    /// The replicas for which there is a site.
    public let assignments: [Assignment]
    /// The replicas for which there is none.
    public let unassigned: [Int]
    /// Where a refused replica would go next, the best first.
    public let alternatives: [String]
    /// One line for each site: what it would take, or why it takes nothing.
    public let text: String
}
