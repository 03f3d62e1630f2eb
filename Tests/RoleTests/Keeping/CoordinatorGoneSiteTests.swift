import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import TestSupport
import Testing

@Suite("Coordinator, sites that are gone for good", .timeLimit(.minutes(2)))
struct CoordinatorGoneSiteTests {
    private static let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")
    private static let alice = "alice@paris.test"
    private static let tokyo = "tokyo.test"

    private func declareGone(
        _ table: OperationTable, by caller: GrantBook.Caller = Self.root
    ) async throws -> GoneSiteReport {
        let result = try await table.perform(
            Invocation(operation: "site.gone", arguments: ["site": .string(Self.tokyo)], caller: caller))
        return try ValueDecoder().decode(GoneSiteReport.self, from: result.value)
    }

    /// The error with which it is refused.
    private func refusal(_ table: OperationTable) async -> OperationError? {
        let error = await #expect(throws: OperationError.self) { try await self.declareGone(table) }
        return error
    }

    /// Nothing more is heard of Tokyo.
    private func burn(_ bench: CoordinatorBench) {
        bench.sites.set(.silent, at: Self.tokyo)
        self.see(.unreachable, bench)
    }

    private func see(_ reachability: Reachability, _ bench: CoordinatorBench) {
        bench.sites.update { $0.sites[SiteID(Self.tokyo)]?.reachability = reachability }
    }

    private func workload(_ name: String, of coordinator: Coordinator) throws -> Workload {
        try coordinator.workload(name, for: Self.alice, scope: .own)
    }

    /// Waits until a workload is in `state`.
    private func wait(
        for state: Workload.State, of name: String, _ coordinator: Coordinator
    ) async throws {
        while try self.workload(name, of: coordinator).state != state {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// What the log says on the word of the admin.
    private func told(_ workload: Workload) -> [WorkloadEvent.Kind] {
        (workload.events ?? []).filter {
            $0.text.hasSuffix("tokyo.test is gone for good, as root@paris.test says")
        }.map(\.kind)
    }

    @Test("A removal that waits for such a site ends, and the log says on whose word")
    func removal() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let placed = try await table.perform(CoordinatorBench.place()).workload()
            #expect(placed.replicas.map(\.site) == [SiteID(Self.tokyo)])
            self.burn(bench)
            async let removal = table.perform(
                Invocation(
                    operation: "workload.remove", arguments: ["workload": "web"],
                    caller: CoordinatorBench.alice))
            try await self.wait(for: .removing, of: placed.id.description, coordinator)
            let report = try await self.declareGone(table)
            #expect(report.lines.map(\.outcome) == [.removed])
            #expect(report.lines.map(\.workload) == ["web"])
            #expect(report.message == "tokyo.test is gone for good: 1 deletion taken as done")
            let removed = try await removal.workload()
            #expect(removed.state == .removed)
            #expect(self.told(removed) == [.deleted])
            let again = try await table.perform(CoordinatorBench.place()).workload()
            #expect(again.replicas.map(\.site) != [SiteID(Self.tokyo)], "its name is free")
        }
    }

    @Test(
        "A replica whose machine may have been made there is placed elsewhere under the next epoch",
        arguments: [FakeSites.Behaviour.silent, .mute])
    func uncertain(behaviour: FakeSites.Behaviour) async throws {
        let bench = try CoordinatorBench()
        bench.sites.arm(fuse: 0, among: .commit, trap: behaviour, isLasting: true)
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(wait: "accepted"))
            await bench.sites.untilTrapped()
            self.burn(bench)
            let report = try await self.declareGone(table)
            #expect(report.lines.map(\.outcome) == [.placedAnew])
            #expect(report.message == "tokyo.test is gone for good: 1 replica is placed anew")
            let settled = try await coordinator.settled("web", owner: Self.alice)
            #expect(settled.state == .placed)
            #expect(settled.replicas[0].site != SiteID(Self.tokyo))
            #expect(settled.replicas[0].epoch == 2)
            #expect(self.told(settled) == [.lost])
        }
    }

    @Test("Replicas without a lease are placed anew, once, and all of it is on disk")
    func placed() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place("a", replicas: 2))
            _ = try await table.perform(CoordinatorBench.place("b"))
            await bench.boot(coordinator)
            self.burn(bench)
            let report = try await self.declareGone(table)
            #expect(report.lines.map(\.workload) == ["a", "a", "b"])
            #expect(report.lines.allSatisfy { $0.outcome == .placedAnew })
            #expect(report.message == "tokyo.test is gone for good: 3 replicas are placed anew")
            for (name, count) in [("a", 2), ("b", 1)] {
                let settled = try await coordinator.settled(name, owner: Self.alice)
                #expect(settled.state == .placed)
                #expect(settled.replicas.map(\.epoch) == Array(repeating: 2, count: count))
                #expect(self.told(settled) == [WorkloadEvent.Kind](repeating: .lost, count: count))
            }
            #expect(try await self.declareGone(table).lines.isEmpty == true)
        }
        try await bench.run { coordinator, table in
            for (name, count) in [("a", 2), ("b", 1)] {
                let stored = try self.workload(name, of: coordinator)
                #expect(stored.replicas.map(\.epoch) == Array(repeating: 2, count: count))
                #expect(stored.replicas.allSatisfy { $0.site != SiteID(Self.tokyo) })
                #expect(self.told(stored) == [WorkloadEvent.Kind](repeating: .lost, count: count))
            }
            #expect(try await self.declareGone(table).lines.isEmpty == true)
        }
    }

    @Test("It is refused while anything is heard of the site, and then nothing has changed")
    func heard() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            let placed = try self.workload("web", of: coordinator)
            bench.sites.set(.silent, at: Self.tokyo)
            for reachability in [Reachability.reachable, .suspect] {
                self.see(reachability, bench)
                let refusal = await #expect(throws: OperationError.self) { try await self.declareGone(table) }
                #expect(refusal?.code == .conflict)
                #expect(refusal?.message.contains(reachability.rawValue) == true)
            }
            self.see(.unreachable, bench)
            for behaviour in [FakeSites.Behaviour.normal, .refusing("not yours")] {
                bench.sites.set(behaviour, at: Self.tokyo)
                let refusal = await #expect(throws: OperationError.self) { try await self.declareGone(table) }
                #expect(refusal?.code == .conflict)
                #expect(refusal?.message.contains("has just answered") == true)
            }
            #expect(try self.workload("web", of: coordinator) == placed)
        }
    }

    @Test("It is refused while a lease there may not be over; should the site come back, its machine is over")
    func leased() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(more: ["lease": .integer(60)]))
            await bench.boot(coordinator)
            bench.sites.renewLeases(with: coordinator)
            self.burn(bench)
            let refusal = await #expect(throws: OperationError.self) { try await self.declareGone(table) }
            #expect(refusal?.code == .conflict)
            #expect(refusal?.message.contains("the lease of web-0 there is not over yet") == true)
            // A lease of 60 s, a tenth of it, and 5 s.
            bench.uptime.advance(by: .seconds(71))
            await #expect(throws: OperationError.self) { try await self.declareGone(table) }
            bench.uptime.advance(by: .milliseconds(1))
            #expect(try await self.declareGone(table).lines.map(\.outcome) == [.placedAnew])
            let settled = try await coordinator.settled("web", owner: Self.alice)
            #expect(settled.replicas.map(\.epoch) == [2])
            bench.sites.set(.normal, at: Self.tokyo)
            // That the old epoch is over is said once the new one is on disk.
            while bench.sites.count(at: Self.tokyo) > 0 {
                try Task.checkCancellation()
                bench.sites.renewLeases(with: coordinator)
                await Task.yield()
            }
            #expect(bench.sites.machines.count == 1)
        }
    }

    @Test("A lease that is renewed while other workloads are written off keeps its own where it is")
    func renewedMeanwhile() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            for name in ["a", "b"] {
                _ = try await table.perform(CoordinatorBench.place(name, more: ["lease": .integer(60)]))
            }
            await bench.boot(coordinator)
            bench.sites.renewLeases(with: coordinator)
            self.burn(bench)
            // A lease of 60 s, a tenth of it, and 5 s: both are over when the site is asked.
            bench.uptime.advance(by: .milliseconds(71_001))
            // The first one is written off, but not on disk yet: the second one has to wait for that.
            try FullDisk.set(true, in: bench.database, tables: ["workload"])
            async let refused = self.refusal(table)
            try await Turns.pass(until: "a is written off") {
                try self.workload("a", of: coordinator).replicas[0].epoch == 2
            }
            bench.sites.set(.normal, at: Self.tokyo)
            bench.sites.renewLeases(with: coordinator)
            try FullDisk.set(false, in: bench.database, tables: ["workload"])
            let error = await refused
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("the lease of b-0 there is not over yet") == true)
            let kept = try self.workload("b", of: coordinator)
            #expect(kept.replicas.map(\.site) == [SiteID(Self.tokyo)])
            #expect(kept.replicas.map(\.epoch) == [1])
            #expect(self.told(kept) == [])
            let moved = try await coordinator.settled("a", owner: Self.alice)
            #expect(moved.replicas.map(\.epoch) == [2])
            #expect(self.told(moved) == [.lost])
            self.burn(bench)
            bench.uptime.advance(by: .milliseconds(71_001))
            let report = try await self.declareGone(table)
            #expect(report.lines.map(\.workload) == ["b"], "what is left, once that lease is over too")
        }
    }

    @Test(
        "A site that could not be asked is not silent: whether it is gone is not known",
        arguments: [FakeSites.Behaviour.silent, .unreachable])
    func notAsked(afterwards: FakeSites.Behaviour) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            let placed = try self.workload("web", of: coordinator)
            bench.sites.set(.notAsked, at: Self.tokyo)
            self.see(.unreachable, bench)
            let error = await self.refusal(table)
            #expect(error?.code == .unavailable)
            #expect(
                error?.message == "tokyo.test could not be asked whether it is gone: others wait for it")
            #expect(try self.workload("web", of: coordinator) == placed)
            // Asked in vain is another matter.
            bench.sites.set(afterwards, at: Self.tokyo)
            #expect(try await self.declareGone(table).lines.map(\.outcome) == [.placedAnew])
        }
    }

    @Test("Who has no grant on the whole site may not say so")
    func forbidden() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            self.burn(bench)
            let refusal = await #expect(throws: OperationError.self) {
                try await self.declareGone(table, by: CoordinatorBench.alice)
            }
            #expect(refusal?.code == .forbidden)
            #expect(try self.workload("web", of: coordinator).replicas.map(\.epoch) == [1])
        }
        let operation = try #require(Catalogue.operation("site.gone"))
        #expect(operation.destroys && !operation.heedsOwnership)
    }
}
