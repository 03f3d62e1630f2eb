package import CloudModel

/// A coordinator's ranked choice for a workload, with the reasons.
package struct Plan: Hashable, Codable, Sendable {
    package struct Assignment: Hashable, Codable, Sendable {
        package let replica: Int
        package let site: SiteID

        package init(replica: Int, site: SiteID) {
            self.replica = replica
            self.site = site
        }
    }

    package let workload: String
    package let assignments: [Assignment]
    /// Replicas for which there is no site.
    package let unassigned: [Int]
    /// Every known site: those that could take a replica first, the best first, suspect ones last; then the others
    /// by address.
    package let verdicts: [Verdict]

    package var isComplete: Bool { self.unassigned.isEmpty }

    package func site(ofReplica replica: Int) -> SiteID? {
        self.assignments.first { $0.replica == replica }?.site
    }

    /// Sites that could take a replica but were given none, the best first: where a refused replica goes next.
    package var alternatives: [SiteID] {
        self.verdicts.filter { $0.isFeasible && $0.replicas == 0 }.map(\.site)
    }

    /// Sites that could take a replica if no other workload were too far away.
    package var sitesButForDistance: [SiteID] {
        self.verdicts.filter { verdict in
            verdict.ageMilliseconds != nil && verdict.objections.allSatisfy { $0.kind == .within }
        }.map(\.site)
    }
}
