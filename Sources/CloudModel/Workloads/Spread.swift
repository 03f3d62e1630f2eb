/// How replicas are laid over sites.
package enum Spread: Hashable, Codable, Sendable {
    /// As many as fit where the cost is least.
    case pack
    /// At most this many replicas at one site.
    case atMostPerSite(Int)
}
