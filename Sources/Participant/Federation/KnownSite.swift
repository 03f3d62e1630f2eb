package import CloudModel
package import Gossip

/// One other site as this one sees it now.
package struct KnownSite: Hashable, Sendable {
    package let id: SiteID
    package let standing: Standing
    /// Nil until it has introduced itself.
    package let role: MemberRole?
    /// For people; the address until it has introduced itself.
    package let name: String
    package let reachability: Reachability
    /// What it said last; kept while it is unreachable, so look at `isCurrent` before relying on it.
    package let description: SiteDescription?
    /// When `description` arrived, by our clock; nil if it was read back from disk.
    package let received: Instant?
    /// Whether `description` is recent enough to be relied upon.
    package let isCurrent: Bool
    /// When anything from it arrived last.
    package let lastHeard: Instant?
    /// Smoothed, from XEP-0199 pings.
    package let roundTrip: Duration?
    package let leastRoundTrip: Duration?
    /// Why it is in that standing, when there is something to say.
    package let reason: String?
    /// The pinned key, or the one it offers.
    package let key: SiteKey?

    /// Whether new work may go there: a reachable member whose description is current.
    ///
    /// Its policy is its own affair.
    package var isCandidate: Bool {
        self.standing == .member && self.reachability != .unreachable && self.isCurrent
    }
}
