import CloudModel
import Placement
import Storage

extension CoordinatorState {
    /// What is asked for when a workload grows.
    func growth(of placement: StoredPlacement, by count: Int, near: Audience?) -> PlanRequest {
        var specification = placement.specification
        specification.replicas += count
        if let near { specification.audience = near }
        return self.keptApart(
            PlanRequest(
                specification: specification, replicas: placement.saga.vacancies(for: count),
                placed: placement.saga.sites,
                neighbours: self.neighbours(of: specification, ownedBy: placement.owner)),
            ownedBy: placement.owner)
    }
}
