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
