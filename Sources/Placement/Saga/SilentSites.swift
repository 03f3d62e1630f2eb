package import CloudModel

/// The sites that left a request unanswered: they get no new work for a while, and nothing else happens to them.
///
/// A time-out is not a refusal: what was asked may have happened, so it stays where it is. An answer of any kind, a
/// refusal included, ends the silence.
package struct SilentSites: Hashable, Sendable {
    /// How long a site gets no new work after it was silent.
    package static let pause = Duration.seconds(30)

    private var since: [SiteID: Instant] = [:]

    package init() {}

    package mutating func silent(_ site: SiteID, now: Instant) { self.since[site] = now }

    package mutating func answered(_ site: SiteID) {
        if !self.since.isEmpty { self.since[site] = nil }
    }

    /// `reachability`, unless the site was silent towards this coordinator a moment ago.
    package func reachability(
        of site: SiteID, heardAs reachability: Reachability, now: Instant
    ) -> Reachability {
        guard let passed = self.since[site]?.duration(to: now) else { return reachability }
        // A clock that was set back must not keep it without work.
        return passed < Self.pause && passed > .zero - Self.pause ? .unreachable : reachability
    }
}
