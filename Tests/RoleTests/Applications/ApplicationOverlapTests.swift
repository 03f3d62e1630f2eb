import CloudModel
import Coordinator
import Operations
import Synchronization
import Testing

@Suite(
    "Documents that are applied while something is being done about the one before", .timeLimit(.minutes(2)))
struct ApplicationOverlapTests {
    private static func document(_ parts: String) -> String {
        "application: shop\ndefaults: {\(ApplicationBench.usual)}\nparts:\n  \(parts)\n"
    }

    /// Applies `document`, and while it is acted upon, as soon as `isDue` says so, `next`.
    private func apply(
        _ document: String, then next: String, _ bench: CoordinatorBench, _ coordinator: Coordinator,
        _ table: OperationTable, when isDue: @escaping @Sendable (Application) -> Bool
    ) async throws {
        let hasOverlapped = Mutex(false)
        bench.sites.update {
            $0.meanwhile = {
                let application = coordinator.applications(for: "root@paris.test", scope: .site).first
                guard let application, isDue(application) else { return false }
                await #expect(throws: Never.self) {
                    _ = try await table.perform(ApplicationBench.apply(next))
                }
                hasOverlapped.withLock { $0 = true }
                return true
            }
        }
        _ = try await table.perform(ApplicationBench.apply(document))
        while !hasOverlapped.withLock({ $0 }) {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test("A part that is wanted again is not removed, although its removal was decided")
    func removal() async throws {
        let bench = try CoordinatorBench()
        let document = Self.document("old: {only: [paris.test]}")
        try await bench.run { coordinator, table in
            _ = try await table.perform(ApplicationBench.apply(document))
            _ = try await coordinator.settled("shop", over: bench)
            let machines = bench.sites.machines.map(\.id)
            bench.sites.setPolicy(.closed, at: "tokyo.test")
            try await self.apply(
                Self.document("new: {only: [tokyo.test]}"), then: document, bench, coordinator, table
            ) { application in application.parts.contains { $0.name == "new" } }
            let application = try await coordinator.settled("shop", over: bench)
            #expect(application?.parts.map(\.name) == ["old"])
            #expect(bench.sites.machines.map(\.id) == machines)
            #expect(bench.sites.read { $0.sites.values.map(\.deletions).reduce(0, +) } == 0)
        }
    }

    @Test("A number of replicas that is wanted while another is being carried out is carried out after it")
    func resize() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(ApplicationBench.apply(Self.document("web: {replicas: 1}")))
            _ = try await coordinator.settled("shop", over: bench)
            try await self.apply(
                Self.document("web: {replicas: 2}"), then: Self.document("web: {replicas: 3}"), bench,
                coordinator, table
            ) { application in application.state == .applying }
            // Nobody but the coordinator's own task looks at applications: one after the other.
            let application = try await bench.settle(coordinator) { () -> Application? in
                let application = coordinator.applications(for: "root@paris.test", scope: .site).first
                return application?.state == .running ? application : nil
            }
            #expect(application.parts.map(\.running) == [3])
            #expect(bench.sites.machines.count == 3)
        }
    }
}
