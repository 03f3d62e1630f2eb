package import CloudModel
package import Placement

/// A workload and how far its placement has come, as a coordinator keeps it.
package struct StoredPlacement: Hashable, Sendable {
    package let owner: String
    /// What the owner chose so that asking twice places once.
    package let idempotencyKey: String?
    /// What was asked for in the beginning, which an idempotency key stands for.
    package let asked: WorkloadSpecification
    /// The same with the number of replicas that is wanted now.
    package private(set) var specification: WorkloadSpecification
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
        self.asked = specification
        self.specification = specification
        self.created = created
        self.changed = changed
        self.saga = saga
        self.revision = revision
        self.events = events
        self.specify()
    }

    /// Makes the specification say how many replicas the saga wants; to be called when that has changed.
    ///
    /// A minimum that is now out of reach is lowered with it.
    package mutating func specify() {
        let count = self.saga.wantedCount
        self.specification.replicas = count
        self.specification.keeping?.minimum = self.asked.keeping?.minimum.map { min($0, count) }
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

    /// Puts `events` in the place of as many of the latest.
    package mutating func replaceLast(with events: [WorkloadEvent]) {
        let events = events.suffix(self.events.count)
        self.events.replaceSubrange((self.events.count - events.count)..., with: events)
    }

    package var id: WorkloadID { self.saga.workload }
}
