import CloudModel
import Placement
import Storage

extension StoredPlacement {
    /// What one of its replicas needs: that which was added for somebody is to be near them.
    func specification(of replica: ReplicaPlacement) -> WorkloadSpecification {
        guard let near = replica.near else { return self.specification }
        var specification = self.specification
        specification.audience = near
        return specification
    }
}

extension PlanRequest {
    /// The same, if it is to be met at `site` or not at all.
    func limited(to site: SiteID) -> PlanRequest {
        var limited = self
        limited.confinedTo = site
        return limited
    }
}
