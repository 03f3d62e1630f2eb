package import CloudModel

/// What this site knows about its relation to another one; outlives restarts.
package struct Member: Hashable, Sendable {
    package let site: SiteID
    package var standing: Standing
    /// Nil until they have introduced themselves.
    package var role: MemberRole?
    /// Their name for people.
    package var name: String?
    /// The key that was pinned when both agreed: the only one whose rows are believed.
    package var pinnedKey: SiteKey?
    /// The key they offered last and nobody has accepted yet.
    package var offeredKey: SiteKey?
    /// Why they are in that standing, when there is something to say.
    package var reason: String?
    /// Whether it was ever a member, and so may have been granted what must not count again unless an admin agrees.
    package var hasJoined: Bool
    /// When the standing began, by this site's clock.
    package var since: Instant

    package init(
        site: SiteID, standing: Standing, role: MemberRole? = nil, name: String? = nil,
        pinnedKey: SiteKey? = nil,
        offeredKey: SiteKey? = nil, reason: String? = nil, hasJoined: Bool = false,
        since: Instant
    ) {
        self.site = site
        self.standing = standing
        self.role = role
        self.name = name
        self.pinnedKey = pinnedKey
        self.offeredKey = offeredKey
        self.reason = reason
        self.hasJoined = hasJoined || standing == .member || standing == .quarantined
        self.since = since
    }
}
