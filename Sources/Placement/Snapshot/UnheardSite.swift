package import CloudModel

/// A member whose row has not arrived yet: it cannot take work, and the plan says so.
package struct UnheardSite: Hashable, Sendable {
    package let site: SiteID
    package let name: String
    package let reachability: Reachability

    package init(site: SiteID, name: String, reachability: Reachability) {
        self.site = site
        self.name = name
        self.reachability = reachability
    }
}
