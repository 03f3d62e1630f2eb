package import CloudModel

/// What a coordinator knows of one site at the moment it plans.
package struct Candidate: Hashable, Sendable {
    package var description: SiteDescription
    /// How long ago this coordinator received what it knows, by its own clock.
    package var age: Duration
    /// Whether the site is heard: a suspect one is the last choice, an unreachable one takes no new work.
    ///
    /// Nothing is moved for it.
    package var reachability: Reachability
    /// What this coordinator was granted, or has asked for, since the site's last report: not in its figures yet.
    package var pending: Resources

    package init(
        description: SiteDescription, age: Duration, reachability: Reachability, pending: Resources = .zero
    ) {
        self.description = description
        self.age = age
        self.reachability = reachability
        self.pending = pending
    }
}
