import CloudModel
import Coordinator
import Federation
import GRDB
import Operations
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Watching workloads", .timeLimit(.minutes(2)))
struct WatchTests {
    private static let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")

    private static func watch(
        _ name: String? = nil, by caller: GrantBook.Caller = CoordinatorBench.alice, after: Int64? = nil,
        isLive: Bool = false
    ) -> Invocation {
        var arguments: [String: Value] = ["for": 0]
        if let name { arguments["workload"] = .string(name) }
        if let after { arguments["after"] = .integer(after) }
        var invocation = Invocation(
            operation: name == nil ? "workload.events" : "workload.watch", arguments: arguments,
            caller: caller)
        invocation.isLive = isLive
        return invocation
    }

    private static func removal(of name: String) -> Invocation {
        Invocation(
            operation: "workload.remove", arguments: ["workload": .string(name)],
            caller: CoordinatorBench.alice)
    }

    private static func report(_ result: OperationResult) throws -> WatchReport {
        try ValueDecoder().decode(WatchReport.self, from: result.value)
    }

    private static func news(_ progress: Progress) throws -> WorkloadNews {
        let item = try #require(progress.item)
        #expect(item.kind == "workload")
        let news = try ValueDecoder().decode(WorkloadNews.self, from: item.value)
        #expect(item.id == news.event.position.map { String($0) })
        return news
    }

    /// Waits, level-triggered, until all that has happened to a workload so far is on disk, and so may be told.
    private static func untilStored(
        _ name: String, _ coordinator: Coordinator, _ table: OperationTable,
        by caller: GrantBook.Caller = CoordinatorBench.alice
    ) async throws {
        while true {
            try Task.checkCancellation()
            let report = try Self.report(try await table.perform(Self.watch(name, by: caller)))
            let log = try coordinator.workload(name, for: caller.address, scope: .own).events
            if report.events.map(\.event) == log { return }
            await Task.yield()
        }
    }

    @Test("Who asks is told at once what there is, and goes on from there")
    func asks() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let placed = try await table.perform(CoordinatorBench.place(replicas: 2)).workload()
            try await Self.untilStored("web", coordinator, table)
            let all = try Self.report(try await table.perform(Self.watch("web")))
            let log = try coordinator.workload("web", for: "alice@paris.test", scope: .own).events
            #expect(all.events.map(\.event) == log)
            #expect(all.events.allSatisfy { $0.workload == placed.id && $0.name == "web" })
            let positions = all.events.compactMap(\.event.position)
            #expect(positions.count == all.events.count && positions == positions.sorted())
            #expect(all.position == positions.last)
            let rest = try Self.report(try await table.perform(Self.watch("web", after: positions[0])))
            #expect(rest.events == Array(all.events.dropFirst()))
            let nothing = try Self.report(try await table.perform(Self.watch("web", after: all.position)))
            #expect(nothing == WatchReport(events: [], position: all.position))
        }
    }

    @Test("Who stays is told each event as it comes, until nothing of the workload is left")
    func stays() async throws {
        let bench = try CoordinatorBench()
        let told = Recorder<Progress>()
        try await bench.run { coordinator, table in
            let id = try await table.perform(CoordinatorBench.place()).workload().id.description
            async let end = table.perform(Self.watch(id, isLive: true)) { told.record($0) }
            let first = try Self.news(try await told.next())
            #expect(first.event.number == 1)
            _ = try await table.perform(Self.removal(of: id))
            let result = try await end
            #expect(try Self.report(result).events == [])
            let log = try coordinator.workload(id, for: "alice@paris.test", scope: .own).events ?? []
            for event in log.dropFirst() { #expect(try Self.news(try await told.next()).event == event) }
            #expect(log.last?.kind == .removed)
        }
    }

    @Test("Events of all workloads come in one order, to each user only those of their own")
    func all() async throws {
        let bench = try CoordinatorBench()
        let (mine, everybodys) = try await bench.run { coordinator, table in
            for name in ["a", "b", "c"] {
                for (name, caller) in [(name, CoordinatorBench.alice), ("\(name)-bob", CoordinatorBench.bob)]
                {
                    _ = try await table.perform(CoordinatorBench.place(name, by: caller))
                    try await Self.untilStored(name, coordinator, table, by: caller)
                }
            }
            return (
                try Self.report(try await table.perform(Self.watch(after: 0))),
                try Self.report(try await table.perform(Self.watch(by: Self.root, after: 0)))
            )
        }
        #expect(Set(mine.events.map(\.owner)) == ["alice@paris.test"])
        #expect(Set(mine.events.map(\.name)) == ["a", "b", "c"])
        let positions = everybodys.events.compactMap(\.event.position)
        #expect(positions == Set(positions).sorted())
        #expect(everybodys.events.filter { $0.owner == "alice@paris.test" } == mine.events)
        // The next process knows them too, and gives no position twice.
        try await bench.run { coordinator, table in
            let again = try Self.report(
                try await table.perform(Self.watch(by: Self.root, after: positions[0])))
            #expect(again.events == Array(everybodys.events.dropFirst()))
            _ = try await table.perform(CoordinatorBench.place("d"))
            try await Self.untilStored("d", coordinator, table)
            let next = try Self.report(
                try await table.perform(Self.watch(by: Self.root, after: everybodys.position)))
            #expect(!next.events.isEmpty && next.events.allSatisfy { $0.name == "d" })
        }
    }

    @Test("Who watches all workloads and names no position is told what comes next")
    func fromNowOn() async throws {
        let bench = try CoordinatorBench()
        let told = Recorder<Progress>()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place("old"))
            try await Self.untilStored("old", coordinator, table)
            let before = try Self.report(try await table.perform(Self.watch()))
            #expect(before.events == [])
            let watch = Self.watch(after: before.position, isLive: true)
            async let _ = table.perform(watch) { told.record($0) }
            _ = try await table.perform(CoordinatorBench.place("new"))
            #expect(try Self.news(try await told.next()).name == "new")
            _ = try await table.perform(Self.removal(of: "old"))
            var news = try Self.news(try await told.next())
            while news.event.kind != .removed { news = try Self.news(try await told.next()) }
            #expect(news.name == "old")
            // The watch has no end of its own: the test's end cancels it.
        }
    }

    @Test("A watch of all that names no position first tells where it begins; no other does")
    func beginning() async throws {
        let bench = try CoordinatorBench()
        let (told, toldFrom) = (Recorder<Progress>(), Recorder<Progress>())
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place("old"))
            try await Self.untilStored("old", coordinator, table)
            let here = try Self.report(try await table.perform(Self.watch())).position
            async let _ = table.perform(Self.watch(isLive: true)) { told.record($0) }
            let start = try #require(try await told.next().item)
            #expect(start.kind == "start" && start.id == String(here))
            #expect(start.value.value(at: "after")?.integer == here)
            async let _ = table.perform(Self.watch(after: here, isLive: true)) { toldFrom.record($0) }
            _ = try await table.perform(CoordinatorBench.place("new"))
            try await Self.untilStored("new", coordinator, table)
            // Who goes on from there misses nothing.
            let rest = try Self.report(try await table.perform(Self.watch(after: here))).events
            #expect(rest.first?.name == "new" && rest.first?.event.number == 1)
            for recorder in [told, toldFrom] {
                #expect(try Self.news(try await recorder.next()) == rest.first)
            }
        }
    }

    @Test("What another user has cannot be watched, and what is not there says so")
    func strangers() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place())
            for (name, caller) in [("web", CoordinatorBench.bob), ("none", CoordinatorBench.alice)] {
                for isLive in [true, false] {
                    let error = await #expect(throws: OperationError.self) {
                        try await table.perform(Self.watch(name, by: caller, isLive: isLive))
                    }
                    #expect(error?.code == .notFound)
                }
            }
        }
    }

    @Test("A caller watches so many times at once; one that ends makes room for another")
    func bounded() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            let id = try await table.perform(CoordinatorBench.place()).workload().id.description
            let told = Recorder<Progress>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        _ = try await table.perform(Self.watch(id, isLive: true)) { told.record($0) }
                    }
                }
                // Each has told something once it is in.
                var firsts = 0
                while firsts < 20 {
                    if try Self.news(try await told.next()).event.number == 1 { firsts += 1 }
                }
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(Self.watch(id))
                }
                #expect(error?.code == .tooMany)
                _ = try await table.perform(Self.watch(id, by: Self.root))
                group.cancelAll()
            }
            _ = try await table.perform(Self.watch(id))
        }
    }

    @Test("What an earlier release logged has no position: that it is missing is told")
    func earlierRelease() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            try await Self.untilStored("web", coordinator, table)
        }
        try await bench.database.writer.write { connection in
            try connection.execute(sql: "UPDATE workloadEvent SET event = json_remove(event, '$.position')")
        }
        try await bench.run { coordinator, table in
            #expect(try coordinator.workload("web", for: "alice@paris.test", scope: .own).events != [])
            let told = Mutex<[Progress]>([])
            let report = try Self.report(
                try await table.perform(Self.watch("web")) { step in told.withLock { $0.append(step) } })
            #expect(told.withLock { $0.map { $0.item?.kind } } == ["gap"])
            #expect(report.events == [])
        }
    }

    @Test("Who was away for too long is told that something is missing; who reads too slowly is sent away")
    func gaps() async throws {
        let bench = try CoordinatorBench()
        let told = Recorder<Progress>()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place("first"))
            try await Self.untilStored("first", coordinator, table)
            let first = try Self.report(try await table.perform(Self.watch(after: 0))).events[0]
            // More than the log of one workload keeps, while the reader holds on to the first event.
            let (gate, opened) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            async let end = table.perform(Self.watch("first", isLive: true)) { progress in
                told.record(progress)
                for await _ in gate { break }
            }
            _ = try await told.next()
            for round in 0..<250 {
                let state = round.isMultiple(of: 2) ? MachineState.running : .stopped
                let machine = try #require(
                    bench.sites.change(
                        state, at: "tokyo.test", halt: state == .stopped ? .ordered : nil))
                try await coordinator.receive(MachineReport(machine: machine), from: machine.site)
            }
            opened.finish()
            do {
                _ = try await end
                Issue.record("a reader that is too slow is kept")
            } catch let error as OperationError {
                #expect(error.code == .tooMany)
            }
            // The reader comes back, and is told first that something is missing.
            let back = Self.watch("first", after: first.event.position)
            let news = Mutex<[Progress]>([])
            let rest = try Self.report(
                try await table.perform(back) { step in news.withLock { $0.append(step) } })
            #expect(news.withLock { $0.first?.item?.kind } == "gap")
            #expect(rest.events.count == 200)
        }
    }
}
