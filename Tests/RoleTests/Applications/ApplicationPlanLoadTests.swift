import CloudModel
import Operations
import Placement
import Testing

@testable import Coordinator

@Suite("How much of a load plans of applications may be", .timeLimit(.minutes(2)))
struct ApplicationPlanLoadTests {
    @Test("One plan is made at a time, for each caller in their turn, who has one turn only")
    func oneAtATime() async {
        var turns = CallerTurns()
        let (alices, alice) = AsyncStream<Void>.makeStream()
        let (bobs, bob) = AsyncStream<Void>.makeStream()
        #expect(turns.join("alice@paris.test", alice) == true)
        #expect(turns.join("alice@paris.test", alice) == false)
        #expect(turns.join("bob@paris.test", bob) == true)
        // Told at once, who is first; the other one when she has left.
        for await _ in alices { break }
        let next = turns.leave("alice@paris.test")
        #expect(next != nil)
        #expect(turns.leave("carol@paris.test") == nil)
        next?.yield()
        for await _ in bobs { break }
        #expect(turns.join("alice@paris.test", alice) == true)
        #expect(turns.leave("bob@paris.test") != nil)
    }

    @Test("A hundred callers wait for their turn, and no more; the coordinator itself always may")
    func limit() {
        var turns = CallerTurns()
        let (_, signal) = AsyncStream<Void>.makeStream()
        for number in 0..<CallerTurns.limit {
            #expect(turns.join("caller\(number)@paris.test", signal) == true)
        }
        #expect(turns.join("bob@paris.test", signal) == false)
        #expect(turns.join(nil, signal) == true)
        _ = turns.leave("caller7@paris.test")
        #expect(turns.join("bob@paris.test", signal) == false, "the coordinator's turn counts")
        _ = turns.leave(nil)
        #expect(turns.join("bob@paris.test", signal) == true)
    }

    @Test("A plan that nobody waits for any longer is given up, and another one may be asked for")
    func givenUp() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            let asked = ApplicationBench.invocation("plan", ["document": .string(ApplicationBench.shop)])
            let waiting = Task {
                while !Task.isCancelled { await Task.yield() }
                _ = try await table.perform(asked)
            }
            waiting.cancel()
            let error = await #expect(throws: OperationError.self) { try await waiting.value }
            #expect(error?.code == .cancelled)
            let text = try await table.perform(asked).value.value(at: "text")?.string
            #expect(text?.hasPrefix("shop: 3 to add") == true)
        }
    }
}
