import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Benchmarks

@Suite("Never oversold, through real coordinators and a real agent", .timeLimit(.minutes(5)))
struct OversellTests {
    /// Whether the work of a process was cut off.
    private final class End: Sendable {
        private let state = Mutex(false)

        var isReached: Bool { self.state.withLock { $0 } }

        func wait() async throws {
            defer { self.state.withLock { $0 = true } }
            let (silence, _) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            for await _ in silence {}
            try Task.checkCancellation()
        }
    }

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
            plan.killEvery = nil
        }
        #expect(result.oversold == 0)
        #expect(result.full == result.rounds)
        #expect(result.leaks == 0)
    }

    @Test(
        "Messages lost, doubled, delayed, late, processes killed and started again: never more than there is",
        arguments: [1, 2, 3] as [UInt64])
    func faults(seed: UInt64) async throws {
        let result = try await self.run { $0.seed = seed }
        #expect(result.oversold == 0)
        #expect(result.leaks == 0)
        #expect(result.restarts > 0)
    }

    @Test("A process that is killed stops at once, and who waits for its answer gets none")
    func killed() async throws {
        let lives = Lives<Int>()
        let end = End()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lives.live({ 1 }, { _ in try await end.wait() }) }
            try await Turns.pass(until: "a process lives") { lives.count > 0 }
            let answer = try await lives.use { process in
                lives.kill()
                try await Turns.pass(until: "its work is cut off") { end.isReached }
                return process
            }
            // Whoever uses a process that was killed hears of no error either.
            #expect(end.isReached)
            #expect(answer == nil)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("Troubles are waited for until each kind has come, however often others do")
    func everyTrouble() {
        let tally = TroubleTally()
        for kind in OversellTrouble.Kind.allCases {
            #expect(!tally.isComplete)
            tally.note(kind)
            tally.note(kind)
        }
        #expect(tally.isComplete)
        #expect(tally.counts.count == 4 && tally.counts.values.allSatisfy { $0 == 2 })
    }

    @Test("However fast the rounds are, they go on until a process has been killed")
    func untilKilled() async throws {
        let result = try await self.run { plan in
            plan.seed = 4
            plan.rounds = 0
        }
        #expect(result.rounds > 0)
        #expect(result.restarts > 0)
        #expect(result.oversold == 0)
    }
}
