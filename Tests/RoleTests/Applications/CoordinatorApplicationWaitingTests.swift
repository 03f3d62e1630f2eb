import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("What an application waits for, and what it does not fail by", .timeLimit(.minutes(2)))
struct CoordinatorApplicationWaitingTests {
    private typealias Bench = ApplicationBench

    private static func shop(_ coordinator: Coordinator) -> Application? {
        coordinator.applications(for: "root@paris.test", scope: .site).first
    }

    /// Goes on until parts are in these states, or the application has failed.
    private func settle(
        _ coordinator: Coordinator, _ bench: CoordinatorBench, until states: [Application.Part.State]
    ) async throws -> Application {
        let shop = try await coordinator.settled("shop", as: [.failed], over: bench) {
            Self.shop(coordinator)?.parts.map(\.state) == states
        }
        return try #require(shop)
    }

    /// Lets time pass; all sites have been heard of since.
    private func pass(_ seconds: Int64, _ bench: CoordinatorBench) {
        bench.clock.advance(bySeconds: seconds)
        bench.uptime.advance(by: .seconds(seconds))
        bench.sites.update { $0.heard = bench.clock.now() }
    }

    @Test("After a restart nobody has been heard yet: what waited for long before waits anew")
    func restart() async throws {
        let bench = try CoordinatorBench()
        bench.sites.update { $0.isSilent = true }
        try await bench.run { coordinator, table in
            _ = try await table.perform(Bench.apply(Bench.document("db: {only: [paris.test]}")))
            let shop = try await self.settle(coordinator, bench, until: [.waiting])
            #expect(shop.reason == "db waits for a site: no site is known yet; no site for 1 of 1 replicas")
        }
        self.pass(601, bench)
        try await bench.run { coordinator, _ in
            let waiting = try await self.settle(coordinator, bench, until: [.waiting])
            #expect(waiting.state == .applying)
            bench.sites.update { $0.isSilent = false }
            self.pass(16, bench)
            let running = try await self.settle(coordinator, bench, until: [.running])
            #expect(running.state == .running)
        }
    }

    @Test(
        "A clock that is set forward or back makes no part wait for less or for more",
        arguments: [3_600, -3_600] as [Int64])
    func clockSet(by seconds: Int64) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            bench.sites.setPolicy(.closed, at: "paris.test")
            _ = try await table.perform(Bench.apply(Bench.document("db: {only: [paris.test]}")))
            _ = try await self.settle(coordinator, bench, until: [.waiting])
            bench.clock.advance(bySeconds: seconds)
            bench.sites.update { $0.heard = bench.clock.now() }
            for _ in 0..<40 {
                let shop = try await self.settle(coordinator, bench, until: [.waiting])
                #expect(shop.state == .applying)
                self.pass(15, bench)
            }
            self.pass(16, bench)
            let shop = try await coordinator.settled("shop", as: [.failed], over: bench)
            #expect(shop?.reason?.contains("takes no new work (closed)") == true)
        }
    }

    @Test("A part that waits holds up none but those that come after it or are bound to it")
    func independent() async throws {
        let bench = try CoordinatorBench()
        let document = Bench.document(
            "cache: {only: [virginia.test]}", "store: {only: [virginia.test], after: [cache]}",
            "db: {only: [paris.test]}", "web: {only: [paris.test], within: {db: 50 ms}}")
        try await bench.run { coordinator, table in
            bench.sites.setPolicy(.closed, at: "virginia.test")
            _ = try await table.perform(Bench.apply(document))
            let shop = try await self.settle(
                coordinator, bench, until: [.waiting, .waiting, .running, .running])
            #expect(shop.state == .applying)
            bench.sites.setPolicy(.open, at: "virginia.test")
            self.pass(16, bench)
            _ = try await self.settle(coordinator, bench, until: Array(repeating: .running, count: 4))
            #expect(bench.sites.machines.count == 4)
        }
    }

    @Test("Whoever waits for a part that comes up is not answered because another one has failed")
    func failureOfAnother() async throws {
        let bench = try CoordinatorBench()
        let document = Bench.document("db: {only: [paris.test]}", "web: {only: [nowhere.test]}")
        try await bench.run { coordinator, table in
            _ = try await table.perform(Bench.apply(document))
            while Self.shop(coordinator)?.state != .failed {
                try Task.checkCancellation()
                await Task.yield()
            }
            let progress = ProgressLog()
            let show = Bench.invocation(
                "show", ["application": "shop", "wait": "running", "part": "db"])
            async let answer = table.perform(show) { await progress.add($0.text) }
            while await progress.lines.isEmpty {
                try Task.checkCancellation()
                await Task.yield()
            }
            let settled: Bool = try await bench.settle(coordinator) { () -> Bool? in
                Self.shop(coordinator)?.parts.first?.state == .running ? true : nil
            }
            #expect(settled)
            let shown = try await answer.application()
            #expect(shown.state == .failed)
            #expect(shown.parts.map(\.state) == [.running, .failed])
        }
    }

    @Test("What a part's site was waited for in the turn of another one is not counted in its own")
    func turns() async throws {
        let bench = try CoordinatorBench()
        let document = Bench.document(
            "db: {only: [paris.test]}", "web: {only: [tokyo.test], after: [db], within: {db: 400 ms}}")
        try await bench.run { coordinator, table in
            bench.sites.setPolicy(.closed, at: "tokyo.test")
            _ = try await table.perform(Bench.apply(document))
            var shop = try await self.settle(coordinator, bench, until: [.waiting, .waiting])
            #expect(shop.parts.map(\.text) == ["waits for a site", "waits for db"])
            #expect(
                shop.reason?.hasPrefix("db waits for a site: none is left for web: paris.test: no") == true)
            bench.sites.setPolicy(.open, at: "tokyo.test")
            self.pass(16, bench)
            while bench.sites.machines.isEmpty {
                try Task.checkCancellation()
                await coordinator.review()
                await coordinator.advanceDueApplications()
                await Task.yield()
            }
            // The database takes its time to start.
            bench.sites.setPolicy(.closed, at: "tokyo.test")
            self.pass(601, bench)
            shop = try await self.settle(coordinator, bench, until: [.running, .waiting])
            #expect(shop.state == .applying)
            bench.sites.setPolicy(.open, at: "tokyo.test")
            self.pass(16, bench)
            _ = try await self.settle(coordinator, bench, until: [.running, .running])
        }
    }

    @Test("A site that has room for some replicas is waited for, as one is that has none")
    func someRoom() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let document = Bench.document("db: {only: [paris.test], replicas: 5}")
            _ = try await table.perform(Bench.apply(document))
            #expect(try await self.settle(coordinator, bench, until: [.waiting]).state == .applying)
            bench.sites.update { state in
                let all = Resources(vcpus: 5, memory: .gibibytes(5), disk: .gibibytes(5))
                let site = SiteID("paris.test")
                state.sites[site]?.room = 5
                state.sites[site]?.description.capacity.total = all
                state.sites[site]?.description.capacity.free = all
                state.sites[site]?.description.capacity.largestFreeSlot = all
            }
            self.pass(16, bench)
            _ = try await self.settle(coordinator, bench, until: [.running])
            #expect(bench.sites.machines.count == 5)
        }
    }

    /// Two replicas run in Paris; a third is wanted, which Paris takes on and refuses.
    private func fallBack(
        _ coordinator: Coordinator, _ table: OperationTable, _ bench: CoordinatorBench
    ) async throws -> WorkloadID {
        _ = try await table.perform(Bench.apply(Bench.document("db: {only: [paris.test], replicas: 2}")))
        let shop = try await self.settle(coordinator, bench, until: [.running])
        bench.sites.set(.refusing("not now"), at: "paris.test")
        _ = try await table.perform(Bench.apply(Bench.document("db: {only: [paris.test], replicas: 3}")))
        _ = try await coordinator.settled("shop", as: [.failed], over: bench) {
            self.times(.dropped, coordinator) == 1
        }
        return try #require(shop.parts[0].workload)
    }

    /// How many times this has happened to the workload of the database.
    private func times(_ kind: WorkloadEvent.Kind, _ coordinator: Coordinator) -> Int {
        let workload = try? coordinator.workload("shop-db", for: "root@paris.test", scope: .site)
        return workload?.events?.count { $0.kind == kind } ?? 0
    }

    @Test(
        "Replicas that every site refuses are asked for again after a pause, for as long as parts wait",
        arguments: [false, true])
    func refusedReplicas(areTakenLater: Bool) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await self.fallBack(coordinator, table, bench)
            for count in 2...5 {
                for _ in 0..<5 { _ = try await self.settle(coordinator, bench, until: [.starting]) }
                #expect(self.times(.dropped, coordinator) == count - 1, "not before the pause is over")
                self.pass(16, bench)
                let shop = try await coordinator.settled("shop", as: [.failed], over: bench) {
                    self.times(.dropped, coordinator) == count
                }
                #expect(shop?.state == .applying)
            }
            let waiting = Self.shop(coordinator)?.reason
            #expect(waiting?.hasPrefix("db waits for a site: no site has taken all of 3 replicas") == true)
            if areTakenLater { bench.sites.set(.normal, at: "paris.test") }
            self.pass(areTakenLater ? 16 : 601, bench)
            let shop = try await coordinator.settled("shop", as: [.running, .failed], over: bench)
            #expect(shop?.state == (areTakenLater ? .running : .failed))
            #expect(shop?.parts.map(\.running) == [areTakenLater ? 3 : 2])
        }
    }

    @Test(
        "A new part that every site refuses is asked for again after a pause, for as long as parts wait",
        arguments: [false, true])
    func refusedPart(isTakenLater: Bool) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            bench.sites.set(.refusing("not now"), at: "paris.test")
            let document = Bench.document("db: {only: [paris.test]}", "web: {after: [db]}")
            _ = try await table.perform(Bench.apply(document))
            for count in 1...4 {
                _ = try await coordinator.settled("shop", as: [.failed], over: bench) {
                    self.times(.refused, coordinator) == count
                        && Self.shop(coordinator)?.parts.map(\.state) == [.waiting, .waiting]
                }
                let shop = Self.shop(coordinator)
                #expect(shop?.state == .applying)
                #expect(shop?.parts.map(\.text) == ["waits for a site", "waits for db"])
                for _ in 0..<5 {
                    _ = try await self.settle(coordinator, bench, until: [.waiting, .waiting])
                }
                #expect(self.times(.refused, coordinator) == count, "not before the pause is over")
                #expect(
                    Self.shop(coordinator)?.reason?.hasPrefix(
                        "db waits for a site: replica 0: paris.test: not now") == true)
                self.pass(16, bench)
            }
            if isTakenLater { bench.sites.set(.normal, at: "paris.test") }
            self.pass(isTakenLater ? 16 : 601, bench)
            let shop = try await coordinator.settled("shop", as: [.running, .failed], over: bench)
            #expect(shop?.state == (isTakenLater ? .running : .failed))
            #expect(shop?.parts.map(\.running) == (isTakenLater ? [1, 1] : [0, 0]))
            #expect(bench.sites.machines.count == (isTakenLater ? 2 : 0))
            guard !isTakenLater else { return }
            #expect(shop?.reason?.hasPrefix("db: replica 0: paris.test: not now") == true)
            let asked = bench.sites.read(\.asked.count)
            self.pass(16, bench)
            _ = try await coordinator.settled("shop", as: [.failed], over: bench)
            #expect(bench.sites.read(\.asked.count) == asked, "it is left alone")
        }
    }

    @Test(
        "What some sites take of a part runs while the rest is asked for again, unless all or none is wanted",
        arguments: [false, true])
    func refusedInPart(isGang: Bool) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            bench.sites.set(.refusing("not now"), at: "tokyo.test")
            let document = Bench.document(
                "db: {only: [paris.test, tokyo.test], replicas: 2, per-site: 1, gang: \(isGang)}")
            _ = try await table.perform(Bench.apply(document))
            for count in 1...3 {
                _ = try await coordinator.settled("shop", as: [.failed], over: bench) {
                    let part = Self.shop(coordinator)?.parts.first
                    return self.times(.refused, coordinator) == count && part?.state == .waiting
                        && part?.running == (isGang ? 0 : 1)
                }
                #expect(Self.shop(coordinator)?.state == .applying)
                #expect(bench.sites.machines.count == (isGang ? 0 : 1))
                #expect(bench.sites.holds == [])
                self.pass(16, bench)
            }
            bench.sites.set(.normal, at: "tokyo.test")
            self.pass(16, bench)
            let shop = try await self.settle(coordinator, bench, until: [.running])
            #expect(Set(Bench.sites(shop)["db"] ?? []) == ["paris.test", "tokyo.test"])
            #expect(bench.sites.machines.count == 2)
        }
    }

    @Test("A number given by hand after a refused growth stays", arguments: [1, 4])
    func byHand(count: Int) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let workload = try await self.fallBack(coordinator, table, bench)
            bench.sites.set(.normal, at: "paris.test")
            _ = try await coordinator.resize(workload, to: count, because: "somebody wants so many")
            for _ in 0..<5 {
                self.pass(16, bench)
                _ = try await coordinator.settled("shop", over: bench)
            }
            #expect(Self.shop(coordinator)?.parts.map(\.replicas) == [count])
        }
    }

    @Test("Cancelling keeps the disk of a part that was shut down")
    func cancelledWhileDown() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(Bench.apply(Bench.document("db: {only: [paris.test]}")))
            _ = try await self.settle(coordinator, bench, until: [.running])
            let machine = try #require(bench.sites.machines.first)
            bench.sites.halt(machine.id, at: "paris.test")
            _ = try await self.settle(coordinator, bench, until: [.starting])
            let cancelled = try await table.perform(Bench.invocation("cancel", ["application": "shop"]))
            #expect(try cancelled.application().state == .cancelled)
            for _ in 0..<5 { await bench.turn(coordinator) }
            await coordinator.advanceDueApplications()
            #expect(bench.sites.machines.map(\.id) == [machine.id])
        }
    }
}
