package import CloudModel
import GRDB
import Placement

/// Keeps a coordinator's workloads; what a call writes is durable when it returns, and is written as a whole or not at all.
///
/// Calls that wait at the same time share a transaction.
package struct PlacementStore: Sendable {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// The applications that the workloads are parts of, in the same database.
    package var applications: ApplicationStore { ApplicationStore(self.database) }

    /// Everything, in the order in which it was asked for.
    package func load() async throws -> [StoredPlacement] {
        try await self.database.writer.read { connection in
            let replicas = Dictionary(
                grouping: try WorkloadReplicaRecord.fetchAll(connection), by: \.workload)
            let events = Dictionary(
                grouping: try WorkloadEventRecord.order(Column("workload"), Column("number"))
                    .fetchAll(connection), by: \.workload)
            return try WorkloadRecord.order(Column("created"), Column("id")).fetchAll(connection).map {
                try Self.placement(
                    $0, replicas: replicas[$0.id] ?? [], events: (events[$0.id] ?? []).map(\.event))
            }
        }
    }

    /// Adds a new workload, and in the same step forgets those that were removed before `instant`, and `others`.
    ///
    /// Throws if the id or the owner's idempotency key is there already.
    package func insert(
        _ placement: StoredPlacement, forgettingRemovedBefore instant: Instant,
        and others: Set<WorkloadID> = []
    ) async throws {
        try await self.database.groupCommit.perform { connection in
            try Self.forget(removedBefore: instant, in: connection)
            for other in others {
                try connection.cachedStatement(sql: "DELETE FROM workload WHERE id = ?")
                    .execute(arguments: [other.description])
            }
            try Self.record(of: placement).insert(in: connection)
            for replica in placement.saga.replicas {
                try Self.record(of: replica, in: placement).insert(in: connection)
            }
            try WorkloadEventRecord.append(placement.events, to: placement, in: connection)
        }
    }

    /// Writes the workload's state and those of the given replicas, new ones too, unless something newer is there, and
    /// the events that explain it.
    ///
    /// Throws if a replica is new and the workload is not there.
    package func save(
        _ placement: StoredPlacement, replicas: [Int], events: [WorkloadEvent] = []
    ) async throws {
        // Not while others wait for the database.
        let texts = try replicas.filter { placement.saga.replicas.indices.contains($0) }.map { index in
            (index, try Self.text(of: placement.saga.replicas[index]))
        }
        try await self.database.groupCommit.perform { connection in
            let update = try connection.cachedStatement(
                sql: """
                    UPDATE workload SET state = ?, reason = ?, isRemoving = ?, changed = ?, revision = ?
                    WHERE id = ? AND revision < ?
                    """)
            let id = placement.id.description
            try update.execute(arguments: [
                placement.saga.state.rawValue, placement.saga.reason, placement.saga.isRemoving,
                placement.changed.millisecondsSinceEpoch, placement.revision, id, placement.revision,
            ])
            let replace = try connection.cachedStatement(
                sql: """
                    INSERT INTO workloadReplica (workload, replica, placement, revision) VALUES (?, ?, ?, ?)
                    ON CONFLICT (workload, replica)
                    DO UPDATE SET placement = excluded.placement, revision = excluded.revision
                    WHERE revision < excluded.revision
                    """)
            for (index, text) in texts {
                try replace.execute(arguments: [id, index, text, placement.revision])
            }
            try WorkloadEventRecord.append(events, to: placement, in: connection)
        }
    }

    /// Forgets workloads that were removed before `instant`, with their idempotency keys.
    package func forget(removedBefore instant: Instant) async throws {
        try await self.database.writer.write { connection in
            try Self.forget(removedBefore: instant, in: connection)
        }
    }

    private static func forget(removedBefore instant: Instant, in connection: GRDB.Database) throws {
        let delete = try connection.cachedStatement(
            sql: "DELETE FROM workload WHERE state = 'removed' AND changed < ?")
        try delete.execute(arguments: [instant.millisecondsSinceEpoch])
    }

    /// As `WorkloadReplicaRecord` writes it.
    private static func text(of replica: ReplicaPlacement) throws -> String {
        try WorkloadReplicaRecord.text(of: replica)
    }

    private static func record(of placement: StoredPlacement) -> WorkloadRecord {
        WorkloadRecord(
            id: placement.id.description, owner: placement.owner, idempotencyKey: placement.idempotencyKey,
            specification: placement.asked, state: placement.saga.state,
            reason: placement.saga.reason, isRemoving: placement.saga.isRemoving,
            created: placement.created.millisecondsSinceEpoch,
            changed: placement.changed.millisecondsSinceEpoch, revision: placement.revision)
    }

    private static func record(
        of replica: ReplicaPlacement, in placement: StoredPlacement
    ) -> WorkloadReplicaRecord {
        WorkloadReplicaRecord(
            workload: placement.id.description, replica: replica.index, placement: replica,
            revision: placement.revision)
    }

    private static func placement(
        _ record: WorkloadRecord, replicas: [WorkloadReplicaRecord], events: [WorkloadEvent]
    ) throws -> StoredPlacement {
        guard let id = WorkloadID(record.id) else { throw PlacementStoreError.badIdentifier(record.id) }
        // It may have grown since, and what was dropped keeps its place.
        guard replicas.count >= record.specification.replicas,
            replicas.map(\.replica).sorted() == Array(0..<replicas.count)
        else {
            throw PlacementStoreError.incomplete(workload: record.id)
        }
        return StoredPlacement(
            owner: record.owner, idempotencyKey: record.idempotencyKey, specification: record.specification,
            created: Instant(millisecondsSinceEpoch: record.created),
            changed: Instant(millisecondsSinceEpoch: record.changed),
            saga: PlacementSaga(
                workload: id, replicas: replicas.map(\.placement), isRemoving: record.isRemoving,
                isGang: record.specification.gang == true),
            revision: record.revision, events: events)
    }
}
