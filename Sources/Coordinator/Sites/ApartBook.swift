import CloudModel
import Placement
import Storage

/// Which workloads say that they must be apart from others, by those others: the wish binds whoever is placed later.
struct ApartBook {
    private struct Named: Hashable {
        let owner: String
        let name: String
    }

    private var wishes: [Named: Set<WorkloadID>] = [:]

    /// Takes in a workload that is new or has changed; one that is removed wishes nothing.
    mutating func note(_ placement: StoredPlacement) {
        let names = placement.specification.apartNames
        guard !names.isEmpty else { return }
        guard placement.saga.state != .removed else { return self.forget(placement) }
        for name in names {
            self.wishes[Named(owner: placement.owner, name: name), default: []].insert(placement.id)
        }
    }

    mutating func forget(_ placement: StoredPlacement) {
        for name in placement.specification.apartNames {
            let named = Named(owner: placement.owner, name: name)
            self.wishes[named]?.remove(placement.id)
            if self.wishes[named]?.isEmpty == true { self.wishes[named] = nil }
        }
    }

    /// The workloads of `owner` that must be apart from the one that has any of these names.
    func workloads(apartFrom names: Set<String>, ownedBy owner: String) -> Set<WorkloadID> {
        names.reduce(into: []) { $0.formUnion(self.wishes[Named(owner: owner, name: $1)] ?? []) }
    }
}

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
        let names: Set<String> = [specification.name, specification.partName]
        var barred: [SiteID: String] = [:]
        for id in self.apart.workloads(apartFrom: names, ownedBy: owner).sorted() {
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

extension WorkloadSpecification {
    /// The workloads that it must be apart from.
    fileprivate var apartNames: Set<String> {
        self.constraints.reduce(into: []) { names, constraint in
            if case .apart(let others) = constraint { names.formUnion(others) }
        }
    }
}
