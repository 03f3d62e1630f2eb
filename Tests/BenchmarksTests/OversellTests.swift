import Foundation
import Testing

@testable import Benchmarks

@Suite("Never oversold, through real coordinators and a real agent")
struct OversellTests {
    private func run(_ change: (inout OversellRig.Plan) -> Void) async throws -> OversellRig.Result {
        var plan = OversellRig.Plan(callers: 32, rounds: 4, coordinators: 3)
        change(&plan)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let result = try await OversellRig(plan, directory: directory).run()
        try FileManager.default.removeItem(atPath: directory)
        return result
    }

    @Test("On a quiet network every place is taken and no more, and all is given back")
    func quiet() async throws {
        let result = try await self.run { plan in
            plan.rates = nil
            plan.endEvery = nil
        }
        #expect(result.oversold == 0)
        #expect(result.full == result.rounds)
        #expect(result.leaks == 0)
    }

    @Test(
        "Messages lost, doubled, delayed, late, processes ended and started again: never more than there is",
        arguments: [1, 2, 3] as [UInt64])
    func faults(seed: UInt64) async throws {
        let result = try await self.run { $0.seed = seed }
        #expect(result.oversold == 0)
        #expect(result.leaks == 0)
        #expect(result.restarts > 0)
    }

    @Test("However fast the rounds are, they go on until a process has been ended")
    func untilEnded() async throws {
        let result = try await self.run { plan in
            plan.seed = 4
            plan.rounds = 0
        }
        #expect(result.rounds > 0)
        #expect(result.restarts > 0)
        #expect(result.oversold == 0)
    }
}
