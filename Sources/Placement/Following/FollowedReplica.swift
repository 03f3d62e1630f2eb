package import CloudModel

/// A replica of a workload whose users are followed.
package struct FollowedReplica: Hashable, Sendable {
    package let index: Int
    package let site: SiteID
    /// What it costs an hour, in the coordinator's currency; nil if that is not known.
    package let price: Double?

    package init(index: Int, site: SiteID, price: Double?) {
        self.index = index
        self.site = site
        self.price = price
    }
}
