import CloudModel
import Placement
import Storage

/// Keeping workloads away from those that must be apart from them.
extension CoordinatorState {
    /// What is asked for a workload of which nothing is placed yet.
    func request(for specification: WorkloadSpecification, ownedBy owner: String) -> PlanRequest {
        self.keptApart(
            PlanRequest(specification, neighbours: self.neighbours(of: specification, ownedBy: owner)),
            ownedBy: owner)
    }

    /// The same request, kept away from the sites of workloads of `owner` that must be apart from this one.
    func keptApart(_ request: PlanRequest, ownedBy owner: String) -> PlanRequest {
        let barred = self.sitesBarred(for: request.specification, ownedBy: owner)
        guard !barred.isEmpty else { return request }
        var apart = request
        apart.excluded.merge(barred) { known, _ in known }
        return apart
    }

    /// Where each of several workloads cannot go, by their names.
    func sitesBarred(
        for specifications: [WorkloadSpecification], ownedBy owner: String
    ) -> [String: [SiteID: String]] {
        specifications.reduce(into: [:]) { barred, specification in
            let sites = self.sitesBarred(for: specification, ownedBy: owner)
            if !sites.isEmpty { barred[specification.partName] = sites }
        }
    }

    /// Sites of workloads of `owner` that must be apart from this one, and why it cannot go there.
    func sitesBarred(for specification: WorkloadSpecification, ownedBy owner: String) -> [SiteID: String] {
        var barred: [SiteID: String] = [:]
        let others = self.apart.workloads(apartFrom: specification.ownNames, ownedBy: owner)
        for id in others.sorted() {
            guard let other = self.placements[id], !other.saga.isRemoving,
                other.specification.partName != specification.partName
            else { continue }
            for site in other.saga.sites.keys where barred[site] == nil {
                barred[site] = "\(other.specification.name) is to be apart from it"
            }
        }
        return barred
    }
}
