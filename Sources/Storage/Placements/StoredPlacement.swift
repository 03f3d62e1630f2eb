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
    /// The latest of what happened to it, oldest first.
    package private(set) var events: [WorkloadEvent]

    /// The most events that are kept of a workload; the oldest go first.
    package static let eventLimit = 200

    package init(
        owner: String, idempotencyKey: String?, specification: WorkloadSpecification, created: Instant,
        changed: Instant, saga: PlacementSaga, revision: Int, events: [WorkloadEvent] = []
    ) {
        self.owner = owner
        self.idempotencyKey = idempotencyKey
        self.specification = specification
        self.created = created
        self.changed = changed
        self.saga = saga
        self.revision = revision
        self.events = events
    }

    /// Adds what the notes say to the log; the new events, to be stored with the change that they explain.
    package mutating func log(_ notes: [KeepingNote], at now: Instant) -> [WorkloadEvent] {
        let last = self.events.last?.number ?? 0
        let added = notes.enumerated().map { offset, note in
            WorkloadEvent(
                number: last + 1 + offset, at: now, kind: note.kind, replica: note.replica, site: note.site,
                text: note.text)
        }
        self.events += added
        self.events.removeFirst(max(0, self.events.count - Self.eventLimit))
        return added
    }

    package var id: WorkloadID { self.saga.workload }
}
