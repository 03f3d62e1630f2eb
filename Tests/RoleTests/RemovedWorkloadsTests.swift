import CloudModel
import Operations
import Placement
import Storage
import TestSupport
import Testing

@testable import Coordinator

/// What is kept of workloads that are being removed, and of those that are gone.
@Suite("Removed workloads", .timeLimit(.minutes(2)))
struct RemovedWorkloadsTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    private static func machine(_ hold: Hold, replica: ReplicaReference) -> Machine {
        Machine(
            id: MachineID(derivedFrom: hold.reservation, path: []), site: hold.site,
            specification: MachineSpecification(
                name: "web-\(replica.index)",
                resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1)),
                image: ImageReference(format: .raw, location: "/images/web")),
            state: .running, replica: replica, created: Self.now, changed: Self.now)
    }

    /// A workload with two replicas that run.
    private static func placed() throws -> StoredPlacement {
        var saga = PlacementSaga(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), replicas: 2)
        _ = saga.resume()
        for index in 0..<2 {
            _ = saga.handle(
                .planned(site: SiteID("tokyo.test"), turn: saga.replicas[index].turn), replica: index)
            let hold = try #require(saga.replicas[index].hold)
            let replica = ReplicaReference(
                workload: saga.workload, index: index, epoch: saga.replicas[index].epoch)
            _ = saga.handle(
                .committed(hold.reservation, Self.machine(hold, replica: replica)), replica: index)
        }
        try #require(saga.state == .placed)
        return StoredPlacement(
            owner: "alice@paris.test", idempotencyKey: nil,
            specification: CoordinatorBench.specification(replicas: 2), created: Self.now,
            changed: Self.now, saga: saga, revision: 1)
    }

    @Test("A removal that a later change overtakes on the way to the disk comes there with it, as a whole")
    func overtaken() async throws {
        let store = PlacementStore(try Database())
        let placement = try Self.placed()
        try await store.insert(placement, forgettingRemovedBefore: Self.now)
        var state = CoordinatorState(keeper: Keeper(), rules: PlanningRules())
        state.add(placement)
        let removed = state.change(placement.id, now: Self.now) { $0.remove() }
        var last = try #require(placement.saga.replicas[1].machine)
        last.state = .stopping
        last.changed = Self.now.advanced(by: .seconds(1))
        let told = last
        let reported = state.change(placement.id, now: Self.now) {
            $0.handle(.reported(told), replica: 1)
        }
        let removal = try #require(removed)
        let report = try #require(reported)
        try await store.save(report.placement, replicas: report.replicas, events: report.events)
        // The process is killed here, or the removal comes to disk after all.
        for isKilled in [true, false] {
            if !isKilled {
                try await store.save(removal.placement, replicas: removal.replicas, events: removal.events)
            }
            let stored = try await store.load()
            #expect(stored.map(\.saga) == [report.placement.saga])
            var next = CoordinatorState(keeper: Keeper(), rules: PlanningRules())
            next.load(stored)
            let steps = next.takePending()
            let deletions = steps.count { if case .delete = $0.directive { true } else { false } }
            #expect(steps.count == 2 && deletions == 2)
        }

        // Once it is there, a change brings only what it changes.
        state.stored(report)
        let later = state.change(placement.id, now: Self.now) { $0.handle(.deleted(told.id), replica: 1) }
        #expect(later?.replicas == [1])
    }

    private static func placement(_ number: Int) -> Invocation {
        CoordinatorBench.place("web\(number)", key: "k\(number)", wait: "accepted")
    }

    private static func removal(of name: String) -> Invocation {
        Invocation(
            operation: "workload.remove", arguments: ["workload": .string(name)],
            caller: CoordinatorBench.alice)
    }

    @Test("Removed ones take no room from those that are there: once one is gone another one is taken")
    func takeNoRoom() async throws {
        let bench = try CoordinatorBench()
        try await bench.run({ $0.workloadLimit = 2 }) { _, table in
            _ = try await table.perform(CoordinatorBench.place("one", key: "1"))
            _ = try await table.perform(CoordinatorBench.place("two"))
            for name in ["three", "four"] {
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(CoordinatorBench.place(name))
                }
                #expect(error?.code == .tooMany)
                #expect(error?.next?.contains("remove some") == true)
                let last = name == "three" ? "one" : "three"
                _ = try await table.perform(Self.removal(of: last))
                _ = try await table.perform(CoordinatorBench.place(name))
            }
            // What is remembered for its key is so still.
            let known = try await table.perform(
                CoordinatorBench.place("one", key: "1", wait: "accepted")
            ).workload()
            #expect(known.state == .removed)
        }
        #expect(bench.sites.machines.count == 2)
    }

    @Test("So many removed workloads are remembered; of more the oldest are forgotten, in memory and on disk")
    func bounded() async throws {
        let bench = try CoordinatorBench()
        let ids = try await bench.run({ $0.removedLimit = 2 }) { coordinator, table in
            var ids: [WorkloadID] = []
            for number in 0..<3 {
                ids.append(try await table.perform(Self.placement(number)).workload().id)
                _ = try await coordinator.settled("web\(number)", owner: "alice@paris.test")
                // At the limit no key is forgotten.
                for known in 0..<number {
                    #expect(try await table.perform(Self.placement(known)).workload().id == ids[known])
                }
                let removed = try await table.perform(Self.removal(of: "web\(number)")).workload()
                #expect(removed.state == .removed)
            }
            let anew = try await table.perform(Self.placement(0)).workload()
            #expect(anew.id != ids[0] && anew.state != .removed)
            for known in 1..<3 {
                #expect(try await table.perform(Self.placement(known)).workload().id == ids[known])
            }
            return ids + [anew.id]
        }
        let stored = try await PlacementStore(bench.database).load().map(\.id)
        #expect(Set(stored) == Set(ids.dropFirst()))
        // The next process knows as much.
        try await bench.run({ $0.removedLimit = 2 }) { _, table in
            for (number, id) in [(0, ids[3]), (1, ids[1]), (2, ids[2])] {
                let workload = try await table.perform(Self.placement(number)).workload()
                #expect(workload.id == id)
            }
        }
    }

    @Test(
        "What could not be erased from a full disk is erased with the next workload that is stored",
        arguments: [0, 3])
    func erasedLater(attempts: Int) async throws {
        let bench = try CoordinatorBench()
        let ids = try await bench.run({ $0.removedLimit = 1 }) { _, table in
            var ids: [WorkloadID] = []
            for name in ["a", "b"] {
                ids.append(try await table.perform(CoordinatorBench.place(name, key: name)).workload().id)
                _ = try await table.perform(Self.removal(of: name))
            }
            try FullDisk.set(true, in: bench.database, tables: ["workload"])
            for _ in 0..<attempts {
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(CoordinatorBench.place("a", key: "a"))
                }
                #expect(error?.code == .unavailable)
            }
            try FullDisk.set(false, in: bench.database, tables: ["workload"])
            ids.append(try await table.perform(CoordinatorBench.place("a", key: "a")).workload().id)
            return ids
        }
        #expect(try await Set(PlacementStore(bench.database).load().map(\.id)) == [ids[1], ids[2]])
    }

    @Test(
        "Events of workloads that were forgotten for their number are a gap, after a restart too",
        arguments: [1, 2])
    func gap(limit: Int) async throws {
        let bench = try CoordinatorBench()
        let change: @Sendable (inout Coordinator.Configuration) -> Void = { $0.removedLimit = limit }
        let events: @Sendable (Int64) -> Invocation = { position in
            Invocation(
                operation: "workload.events", arguments: ["after": .integer(position), "for": 60_000],
                caller: CoordinatorBench.alice)
        }
        // Two are removed: one too many for the smaller limit.
        let position: Int64 = try await bench.run(change) { _, table in
            for name in ["a", "b"] {
                _ = try await table.perform(CoordinatorBench.place(name))
                _ = try await table.perform(Self.removal(of: name))
            }
            let all = try await table.perform(events(0))
            let first = try ValueDecoder().decode(WatchReport.self, from: all.value).events[0]
            _ = try await table.perform(CoordinatorBench.place("c"))
            // What is removed is known to be so before it is on disk.
            let store = PlacementStore(bench.database)
            while try await store.load().contains(where: { placement in
                placement.specification.name != "c" && placement.saga.state != .removed
            }) {
                try Task.checkCancellation()
                await Task.yield()
            }
            return try #require(first.event.position)
        }
        let told = Recorder<Progress>()
        try await bench.run({ $0.removedLimit = limit == 1 ? 1 : 100 }) { _, table in
            _ = try await table.perform(events(position)) { told.record($0) }
            #expect(try await told.next().item?.kind == (limit == 1 ? "gap" : "workload"))
        }
    }
}
