/// How the replicas of one workload that are at the same site are laid over its hosts.
package enum HostWish: String, Hashable, Codable, Sendable, CaseIterable {
    /// No two of them on one host.
    case apart
    /// All of them on one host.
    case together
}
