import CloudModel
import Operations
import Placement
import Testing

@testable import Coordinator

@Suite("How much of a load plans of applications may be", .timeLimit(.minutes(2)))
struct ApplicationPlanLoadTests {
    @Test("One plan at a time is made for each caller")
    func oneAtATime() {
        var book = ApplicationBook()
        let callers = ["alice@paris.test", "alice@paris.test", "bob@paris.test"]
        let begun = callers.map { book.beginPlan(for: $0) }
        #expect(begun == [true, false, true])
        book.endPlan(for: callers[0])
        let again = book.beginPlan(for: callers[0])
        #expect(again)
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
