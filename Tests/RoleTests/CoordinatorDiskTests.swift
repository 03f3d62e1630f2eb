import CloudModel
import Coordinator
import Federation
import GRDB
import Operations
import Storage
import Testing

@Suite("Coordinator on a full disk", .timeLimit(.minutes(2)))
struct CoordinatorDiskTests {
    /// From now on the disk takes nothing, or takes everything again.
    private func set(isFull: Bool, in bench: CoordinatorBench) throws {
        try bench.database.writer.write { connection in
            for change in ["INSERT", "UPDATE", "DELETE"] {
                try connection.execute(
                    sql: isFull
                        ? """
                        CREATE TRIGGER full\(change) BEFORE \(change) ON workload
                        BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END
                        """ : "DROP TRIGGER full\(change)")
            }
        }
    }

    @Test("A new workload is refused, and no site hears of it")
    func refusesNew() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try self.set(isFull: true, in: bench)
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place(key: "k"))
            }
            #expect(error?.code == .unavailable)
            // What the database says is for the log.
            #expect(error?.message == "the workload could not be stored")
            #expect(coordinator.workloads(for: "alice@paris.test", scope: .site) == [])
            #expect(bench.sites.read { $0.asked.isEmpty })

            try self.set(isFull: false, in: bench)
            let workload = try await table.perform(CoordinatorBench.place(key: "k")).workload()
            #expect(workload.state == .placed)
        }
    }

    @Test("What is under way stops before the next step, and goes on when there is room again")
    func holdsBackSteps() async throws {
        let bench = try CoordinatorBench()
        bench.sites.arm(fuse: 0, trap: .dead)
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place(wait: "accepted"))
            await bench.sites.untilTrapped()
        }
        try self.set(isFull: true, in: bench)
        try await bench.run { coordinator, _ in
            let workload = try coordinator.workload("web", for: "alice@paris.test", scope: .own)
            await bench.sites.untilHeld()
            for _ in 0..<100 { await Task.yield() }
            #expect(bench.sites.machines == [])
            try self.set(isFull: false, in: bench)
            let settled = try await coordinator.settled("\(workload.id)", owner: "alice@paris.test")
            #expect(settled.state == .placed)
        }
        #expect(bench.sites.machines.count == 1)
    }

    @Test("That an epoch is over is not said before the next one is on disk")
    func overOnceStored() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(more: ["lease": .integer(60)]))
            let machine = try #require(bench.sites.machines.first)
            let request = LeaseRequest(
                leases: [.init(machine: machine.id, replica: try #require(machine.replica))])
            #expect(coordinator.renew(request, from: machine.site).granted == [machine.id])
            var deleted = machine
            deleted.state = .deleted
            deleted.changed = machine.changed.advanced(by: .seconds(1))
            let report = MachineReport(machine: deleted)

            try self.set(isFull: true, in: bench)
            async let received: Void = coordinator.receive(report, from: machine.site)
            func replica() throws -> Workload.Replica {
                try coordinator.workload("web", for: "alice@paris.test", scope: .own).replicas[0]
            }
            while try replica().state != .deleted {
                try Task.checkCancellation()
                await Task.yield()
            }
            // Another site is looked for in a review, which waits for the disk too.
            async let reviewed: Void = coordinator.review()
            while try replica().epoch == 1 {
                try Task.checkCancellation()
                await Task.yield()
            }
            #expect(
                coordinator.renew(request, from: machine.site) == LeaseAnswer(granted: [], over: []))

            try self.set(isFull: false, in: bench)
            try await received
            await reviewed
            while coordinator.renew(request, from: machine.site).over != [machine.id] {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }
}
