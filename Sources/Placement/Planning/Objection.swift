/// One reason why a site cannot take a replica, for people and for programs.
package struct Objection: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case policy
        case unreachable
        /// Nothing that it says about itself has arrived.
        case unheard
        case stale
        /// Too busy with what it has.
        case hot
        /// The report's figures make no sense.
        case report
        case country
        case region
        case label
        case feature
        case hypervisor
        case only
        case avoid
        case latency
        case price
        case carbon
        /// Lacks a workload that it must be beside of.
        case beside
        /// Has a workload that it must be apart from.
        case apart
        /// Too far from every replica of another workload.
        case within
        case room
        case spread
        /// Has as many replicas as hosts, and no two of them may share one.
        case hosts
        /// It has already refused this replica, or did not answer.
        case refused
    }

    package let kind: Kind
    package let text: String
    /// Whether it only says that something is not known yet; nil as false.
    package let isUnknown: Bool?

    init(_ kind: Kind, _ text: String, isUnknown: Bool? = nil) {
        self.kind = kind
        self.text = text
        self.isUnknown = isUnknown
    }
}
