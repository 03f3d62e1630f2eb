import CloudModel
import Operations
import Storage
import Testing

@testable import Agent

@Suite
struct AgentOperationTests {
    private static let alice = GrantBook.Caller(address: "alice@paris.test", domain: "paris.test")

    private func table(_ harness: AgentHarness) -> OperationTable {
        var table = OperationTable(site: AgentFixtures.paris) { () throws(OperationError) in
            GrantBook(grants: [
                Grant(subject: .address("alice@paris.test"), permissions: .all, scope: .site),
                Grant(
                    subject: .address("bob@paris.test"), permissions: .exactly(Permission("machine.list")),
                    scope: .own),
            ])
        }
        harness.agent.register(in: &table)
        return table
    }

    private func perform(
        _ operation: String, _ arguments: [String: Value] = [:], on harness: AgentHarness,
        by caller: GrantBook.Caller = alice, key: String? = nil
    ) async throws -> OperationResult {
        try await self.table(harness).perform(
            Invocation(
                operation: operation, arguments: arguments, caller: caller, idempotencyKey: key))
    }

    private func creation(_ name: String, _ harness: AgentHarness) -> [String: Value] {
        ["name": .string(name), "image": .string(harness.images + "/base.qcow2")]
    }

    @Test("An admin creates a machine, sees it run, reads its console and deletes it")
    func life() async throws {
        try await AgentHarness.with { harness in
            let made = try await self.perform("machine.create", self.creation("web-1", harness), on: harness)
            #expect(made.site == AgentFixtures.paris)
            #expect(made.value.value(at: "state")?.string == "running")
            let hosts = try await self.perform("host.list", on: harness)
            #expect(hosts.value.array?.count == 1)
            let shown = try await self.perform("machine.show", ["machine": "web-1"], on: harness)
            #expect(shown.value.value(at: "id") == made.value.value(at: "id"))
            let console = try await self.perform(
                "machine.console", ["machine": "web-1", "lines": 1], on: harness)
            #expect(console.value.value(at: "text")?.string == "TRADEWIND GUEST READY")
            _ = try await self.perform("machine.suspend", ["machine": "web-1"], on: harness)
            let suspended = try await self.perform("machine.list", ["state": "suspended"], on: harness)
            #expect(suspended.value.array?.count == 1)
            _ = try await self.perform("machine.resume", ["machine": "web-1"], on: harness)
            _ = try await self.perform("machine.force-off", ["machine": "web-1"], on: harness)
            let started = try await self.perform("machine.start", ["machine": "web-1"], on: harness)
            #expect(started.value.value(at: "state")?.string == "running")
            _ = try await self.perform("machine.delete", ["machine": "web-1"], on: harness)
            try await AgentHarness.eventually("it is gone") {
                try await self.perform("machine.list", on: harness).value.array?.isEmpty == true
            }
        }
    }

    @Test("A machine that is not to be started stays stopped; the same key makes it once")
    func idempotentCreation() async throws {
        try await AgentHarness.with { harness in
            var arguments = self.creation("web-1", harness)
            arguments["start"] = false
            let first = try await self.perform("machine.create", arguments, on: harness, key: "k")
            let second = try await self.perform("machine.create", arguments, on: harness, key: "k")
            #expect(first.value.value(at: "state")?.string == "stopped")
            #expect(first.value.value(at: "id") == second.value.value(at: "id"))
            let error = await #expect(throws: OperationError.self) {
                try await self.perform("machine.create", arguments, on: harness)
            }
            #expect(error?.code == .conflict)
        }
    }

    @Test("The state that a machine was accepted in is told though it runs already, and none is told twice")
    func toldFirst() async throws {
        try await AgentHarness.with { harness in
            let accepted = try await harness.place(harness.request("web-1"))
            try await harness.waitForState(.running, of: accepted.id)
            let (first, second) = (ProgressLog(), ProgressLog())
            let operations = AgentOperations(service: harness.agent.service)
            let settled = await operations.waitUntilSettled(accepted) { await first.add($0.text) }
            #expect(settled.state == .running)
            let lines = await first.lines
            #expect(lines == ["machine web-1 is creating", "machine web-1 is running"])
            _ = await operations.waitUntilSettled(settled) { await second.add($0.text) }
            let again = await second.lines
            #expect(again == ["machine web-1 is running"])
        }
    }

    @Test("A creation that failed is asked for again with its key, also once its hold is over")
    func repeatedCreation() async throws {
        let database = try Database()
        try await AgentHarness.with(database: database) { harness in
            let arguments = self.creation("web-1", harness)
            // Room is held, and no machine is made of it.
            try FullDisk.set(true, in: database, tables: ["siteMachine"])
            for isReleased in [false, true] {
                let error = await #expect(throws: OperationError.self) {
                    try await self.perform("machine.create", arguments, on: harness, key: "k")
                }
                #expect(error?.code == .unavailable)
                if isReleased {
                    let held = harness.agent.service.reservations(by: AgentFixtures.paris, isAdmin: true)
                    let id = try #require(held.first?.id.description)
                    _ = try await self.perform(
                        "reservation.release", ["reservation": .string(id)], on: harness)
                } else {
                    harness.outbox.advance(by: SiteRules.holdDefault + .seconds(1))
                }
            }
            try FullDisk.set(false, in: database, tables: ["siteMachine"])
            let made = try await self.perform("machine.create", arguments, on: harness, key: "k")
            let again = try await self.perform("machine.create", arguments, on: harness, key: "k")
            #expect(made.value.value(at: "state")?.string == "running")
            #expect(made.value.value(at: "id") == again.value.value(at: "id"))
            #expect(harness.agent.service.keeper.read { $0.machines.count } == 1)
        }
    }

    @Test("A creation that failed first gives the same machine once it is forgotten that it failed")
    func repeatedLater() async throws {
        let database = try Database()
        try await AgentHarness.with(database: database) { harness in
            let arguments = self.creation("web-1", harness)
            try FullDisk.set(true, in: database, tables: ["siteMachine"])
            let error = await #expect(throws: OperationError.self) {
                try await self.perform("machine.create", arguments, on: harness, key: "k")
            }
            #expect(error?.code == .unavailable)
            harness.outbox.advance(by: SiteRules.holdDefault + .seconds(1))
            try FullDisk.set(false, in: database, tables: ["siteMachine"])
            let made = try await self.perform("machine.create", arguments, on: harness, key: "k")

            harness.outbox.advance(by: SiteRules().memory + SiteRules.holdDefault)
            let again = try await self.perform("machine.create", arguments, on: harness, key: "k")
            #expect(made.value.value(at: "id") == again.value.value(at: "id"))
            let (reservations, machines) = harness.agent.service.keeper.read {
                ($0.reservations.count, $0.machines.count)
            }
            #expect(reservations == 1, "the first is forgotten")
            #expect(machines == 1)
        }
    }

    @Test("Draining refuses new work and opening takes it again")
    func draining() async throws {
        try await AgentHarness.with { harness in
            let drained = try await self.perform("site.drain", on: harness)
            #expect(drained.value.value(at: "policy")?.string == "draining")
            #expect(drained.message?.hasSuffix("and is empty") == true)
            // Coordinators are told so; of a site that only takes nothing new they move nothing.
            #expect(harness.agent.description.isBeingEmptied)
            let error = await #expect(throws: OperationError.self) {
                try await self.perform("machine.create", self.creation("web-1", harness), on: harness)
            }
            #expect(error?.code == .refused)
            _ = try await self.perform("site.open", on: harness)
            _ = try await self.perform("machine.create", self.creation("web-1", harness), on: harness)
            // A machine that no coordinator placed has to be moved by its owner.
            let again = try await self.perform("site.drain", on: harness)
            #expect(again.message?.contains("stay until their owners move them: 1 of ") == true)
            _ = try await self.perform("site.undrain", on: harness)
            _ = try await self.perform("site.close", on: harness)
            #expect(!harness.agent.description.isBeingEmptied)
            let closed = await #expect(throws: OperationError.self) {
                try await self.perform("machine.create", self.creation("web-2", harness), on: harness)
            }
            #expect(closed?.code == .refused)
        }
    }

    @Test("Holds are listed and can be given up")
    func reservations() async throws {
        try await AgentHarness.with { harness in
            let request = harness.request("web-1")
            _ = try await harness.agent.service.reserve(request)
            #expect(try await self.perform("reservation.list", on: harness).value.array?.count == 1)
            _ = try await self.perform(
                "reservation.release", ["reservation": .string(request.id.description)], on: harness)
            #expect(try await self.perform("reservation.list", on: harness).value.array?.isEmpty == true)
        }
    }

    @Test("Who is granted little sees only what is his")
    func own() async throws {
        try await AgentHarness.with { harness in
            _ = try await self.perform("machine.create", self.creation("web-1", harness), on: harness)
            let bob = GrantBook.Caller(address: "bob@paris.test", domain: "paris.test")
            #expect(
                try await self.perform("machine.list", on: harness, by: bob).value.array?.isEmpty == true)
            let error = await #expect(throws: OperationError.self) {
                try await self.perform("machine.delete", ["machine": "web-1"], on: harness, by: bob)
            }
            #expect(error?.code == .forbidden)
        }
    }

    @Test("What is not there is said to be not there, with what to type instead")
    func notFound() async throws {
        try await AgentHarness.with { harness in
            let error = await #expect(throws: OperationError.self) {
                try await self.perform("machine.show", ["machine": "nothing"], on: harness)
            }
            #expect(error?.code == .notFound)
            #expect(error?.next?.contains("machine list") == true)
        }
    }
}
