package import CloudModel
package import Placement

/// A workload and how far its placement has come, as a coordinator keeps it.
package struct StoredPlacement: Hashable, Sendable {
    package let owner: String
    /// What the owner chose so that asking twice places once.
    package let idempotencyKey: String?
    package let specification: WorkloadSpecification
    package let created: Instant
    package var changed: Instant
    package var saga: PlacementSaga
    /// Rises with each change; an older change never overwrites a newer one.
    package var revision: Int

    package init(
        owner: String, idempotencyKey: String?, specification: WorkloadSpecification, created: Instant,
        changed: Instant, saga: PlacementSaga, revision: Int
    ) {
        self.owner = owner
        self.idempotencyKey = idempotencyKey
        self.specification = specification
        self.created = created
        self.changed = changed
        self.saga = saga
        self.revision = revision
    }

    package var id: WorkloadID { self.saga.workload }
}
