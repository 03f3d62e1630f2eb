import CloudModel
import Foundation
import GRDB
import Storage
import Testing

/// Files that earlier releases left.
@Suite("A site's database of an earlier release")
struct MachineMigrationTests {
    /// What an agent had written before there were halts and leases; text of the file that it left.
    private static let before = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('machines-1');
        CREATE TABLE siteMachine (
            id TEXT NOT NULL PRIMARY KEY,
            reservation TEXT NOT NULL UNIQUE,
            holder TEXT NOT NULL,
            site TEXT NOT NULL,
            host TEXT NOT NULL,
            specification TEXT NOT NULL CHECK (json_valid(specification)),
            state TEXT NOT NULL CHECK (state IN ('creating', 'starting', 'running', 'suspended',
                'stopping', 'stopped', 'failed', 'deleted')),
            reason TEXT,
            workload TEXT,
            replicaIndex INTEGER,
            epoch INTEGER,
            created INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            isDefined INTEGER NOT NULL CHECK (isDefined IN (0, 1)),
            isStarted INTEGER NOT NULL CHECK (isStarted IN (0, 1)),
            isDoomed INTEGER NOT NULL CHECK (isDoomed IN (0, 1)),
            revision INTEGER NOT NULL CHECK (revision > 0),
            reportedRevision INTEGER NOT NULL CHECK (reportedRevision BETWEEN 0 AND revision),
            CHECK ((workload IS NULL) = (replicaIndex IS NULL)),
            CHECK ((workload IS NULL) = (epoch IS NULL))
        ) STRICT;
        CREATE TABLE siteReservation (
            id TEXT NOT NULL PRIMARY KEY,
            holder TEXT NOT NULL,
            host TEXT NOT NULL,
            specification TEXT NOT NULL CHECK (json_valid(specification)),
            workload TEXT,
            replicaIndex INTEGER,
            epoch INTEGER,
            heldFor INTEGER NOT NULL CHECK (heldFor > 0),
            expires INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('held', 'committed', 'released', 'expired')),
            machine TEXT,
            CHECK ((state = 'committed') = (machine IS NOT NULL)),
            CHECK ((workload IS NULL) = (replicaIndex IS NULL)),
            CHECK ((workload IS NULL) = (epoch IS NULL))
        ) STRICT;
        CREATE TABLE siteState (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            generation INTEGER NOT NULL,
            policy TEXT CHECK (policy IN ('open', 'draining', 'closed'))
        ) STRICT;
        INSERT INTO siteState (id, generation, policy) VALUES (1, 7, NULL);
        """

    private static let specification = """
        {"name":"web","resources":{"vcpus":1,"memory":64,"disk":64},\
        "image":{"format":"raw","location":"/images/web"},"labels":{}}
        """

    /// Opens a file that has those machines, by the last digit of their ids, as this release does.
    private func open(
        _ machines: [(digit: Int, state: MachineState, reason: String?)], policy: AdmissionPolicy? = nil
    ) throws -> SiteState {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer {
            for end in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + end) {
                #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: path + end) }
            }
        }
        let old = try DatabaseQueue(path: path)
        try old.write { connection in
            try connection.execute(sql: Self.before)
            for machine in machines {
                try connection.execute(
                    sql: """
                        INSERT INTO siteMachine VALUES (?, ?, 'tokyo.test', 'paris.test', 'h1', ?, ?, ?,
                            NULL, NULL, NULL, 1700000000000, 1700000000000, 1, 1, 0, 4, 4)
                        """,
                    arguments: [
                        Self.id(machine.digit), "7f3e9c52-8a41-4c6b-b0d7-2f6a1e9d4c8\(machine.digit)",
                        Self.specification, machine.state.rawValue, machine.reason,
                    ])
            }
            try connection.execute(
                sql: "UPDATE siteState SET policy = ?", arguments: [policy?.rawValue])
        }
        try old.close()
        return try MachineStore(try Storage.Database(path: path)).load()
    }

    private static func id(_ digit: Int) -> String { "0b6f2c3e-51d4-4e0a-9a3c-7d1f5b8e2a1\(digit)" }

    @Test("What was stopped on order stays stopped: its holder is told that it was; all else is as it was")
    func halts() throws {
        let state = try self.open([
            (0, .stopped, nil), (1, .stopping, nil), (2, .stopped, "the guest stopped by itself"),
            (3, .running, nil), (4, .failed, "killed"), (5, .deleted, nil),
        ])
        #expect(state.machines.map(\.machine.id.description) == (0...5).map(Self.id))
        #expect(state.machines.map(\.machine.halt) == [.ordered, .ordered, nil, nil, nil, nil])
        #expect(state.machines.map(\.revision) == [5, 5, 4, 4, 4, 4])
        #expect(state.machines.map(\.reportedRevision) == [4, 4, 4, 4, 4, 4])
        #expect(
            state.machines.map(\.machine.state) == [
                .stopped, .stopping, .stopped, .running, .failed, .deleted,
            ])
        #expect(state.machines.first?.machine.specification.leaseSeconds == nil)
        #expect(state.leases.isEmpty)
        #expect(state.generation == 7)
    }

    @Test(
        "A site that drained took nothing new and kept what it had: so it goes on, and is not emptied",
        arguments: [(nil, nil), (.open, .open), (.draining, .closed), (.closed, .closed)]
            as [(AdmissionPolicy?, AdmissionPolicy?)])
    func policies(before: AdmissionPolicy?, after: AdmissionPolicy?) throws {
        #expect(try self.open([], policy: before).policy == after)
    }
}
