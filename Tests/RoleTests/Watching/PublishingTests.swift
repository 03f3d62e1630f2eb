import CloudModel
import Coordinator
import Operations
import TestSupport
import Testing

@Suite("Telling of workloads unasked", .timeLimit(.minutes(2)))
struct PublishingTests {
    @Test("Everything that happens is told once, in order, and not what happened before the process began")
    func publishes() async throws {
        var bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place("before"))
        }
        let told = Recorder<WorkloadNews>()
        bench.tell = { told.record($0) }
        try await bench.run { _, table in
            let start = try await Self.news(after: nil, table)
            for name in ["a", "b"] { _ = try await table.perform(CoordinatorBench.place(name)) }
            var (position, names) = (start.position, Set<String>())
            while names != ["a", "b"] {
                let news = try await Self.news(after: position, table)
                for event in news.events {
                    #expect(try await told.next() == event)
                    names.insert(event.name)
                }
                position = news.position
            }
        }
    }

    private static func news(after position: Int64?, _ table: OperationTable) async throws -> WatchReport {
        var arguments: [String: Value] = ["for": 0]
        if let position { arguments["after"] = .integer(position) }
        let result = try await table.perform(
            Invocation(
                operation: "workload.events", arguments: arguments, caller: CoordinatorBench.alice))
        return try ValueDecoder().decode(WatchReport.self, from: result.value)
    }
}
