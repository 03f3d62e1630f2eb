import CloudModel
import Coordinator
import Operations
import Testing

@Suite("Coordinator chooses by what it knows of its other workloads", .timeLimit(.minutes(2)))
struct CoordinatorChoiceTests {
    private static func place(
        _ name: String, by caller: GrantBook.Caller = CoordinatorBench.alice, _ more: [String: Value]
    ) -> Invocation {
        CoordinatorBench.place(name, by: caller, more: more)
    }

    @Test("Beside a workload, apart from it, and near it")
    func neighbours() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(Self.place("db", ["audience": .array([.string("US")])]))
            func site(_ name: String, _ more: [String: Value]) async throws -> SiteID? {
                try await table.perform(Self.place(name, more)).workload().replicas[0].site
            }
            #expect(try await site("beside", ["beside": .array([.string("db")])]) == SiteID("virginia.test"))
            #expect(
                try await site(
                    "apart", ["apart": .array([.string("db")]), "audience": .array([.string("US")])])
                    == SiteID("paris.test"))
            #expect(
                try await site("near", ["audience": .array([.string("workload/db")])])
                    == SiteID("virginia.test"))
        }
    }

    @Test("Where the workloads of others are is not told")
    func strangers() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(Self.place("db", [:]))
            let beside: [String: Value] = ["beside": .array([.string("db")])]
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(Self.place("web", by: CoordinatorBench.bob, beside))
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("tokyo.test: no, has no replica of db") == true)
        }
    }
}
