import CloudModel
import Coordinator
import Operations
import TestSupport
import Testing

@Suite("Telling of workloads unasked")
struct PublishingTests {
    @Test("Everything that happens is told once, in order, and not what happened before the process began")
    func publishes() async throws {
        var bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place("before"))
        }
        let told = Recorder<WorkloadNews>()
        bench.tell = { told.record($0) }
        let everything = try await bench.run { _, table in
            let start = try await table.perform(
                Invocation(
                    operation: "workload.events", arguments: ["for": 0], caller: CoordinatorBench.alice))
            for name in ["a", "b"] { _ = try await table.perform(CoordinatorBench.place(name)) }
            let result = try await table.perform(
                Invocation(
                    operation: "workload.events",
                    arguments: ["after": start.value.value(at: "position") ?? nil],
                    caller: CoordinatorBench.alice))
            let events = try ValueDecoder().decode(WatchReport.self, from: result.value).events
            for event in events { #expect(try await told.next() == event) }
            return events
        }
        #expect(Set(everything.map(\.name)) == ["a", "b"])
    }
}
