package import CloudModel

/// A workload as a rebalancer sees it: where it is, and which replicas may leave.
package struct RebalancingSubject: Hashable, Sendable {
    /// Where a replica is that may leave, and whose users it was placed for.
    package struct Seat: Hashable, Sendable {
        package let site: SiteID
        /// Those that it was added for; nil if it serves the workload's own audience.
        package let near: Audience?

        package init(site: SiteID, near: Audience? = nil) {
            self.site = site
            self.near = near
        }
    }

    package let workload: WorkloadID
    package let owner: String
    package let specification: WorkloadSpecification
    /// How many of its replicas are at each site.
    package internal(set) var placed: [SiteID: Int]
    /// The replicas that may be moved now, by their index; empty for one that is only a neighbour of others.
    package internal(set) var movable: [Int: Seat]

    /// Places that are compared with all sites.
    var seatCount: Int { Set(self.movable.values).count }

    package init(
        workload: WorkloadID, owner: String, specification: WorkloadSpecification, placed: [SiteID: Int],
        movable: [Int: Seat]
    ) {
        self.workload = workload
        self.owner = owner
        self.specification = specification
        self.placed = placed
        self.movable = movable
    }
}
