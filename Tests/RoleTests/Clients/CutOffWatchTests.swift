import CloudModel
import Operations
import Participant
import Synchronization
import TestSupport
import Testing
import TradewindClient

@Suite("A watch that is cut off", .timeLimit(.minutes(2)))
struct CutOffWatchTests {
    /// Cuts the first feed off once it has told one thing, and does something else before the reader is back.
    private final class Severed: OperationGatekeeper {
        private let performer: OncePerformer
        private let meanwhile: Invocation
        private let isWhole = Mutex(false)

        init(_ table: OperationTable, meanwhile: Invocation) {
            self.performer = ClientBench.once(table)
            self.meanwhile = meanwhile
        }

        func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope {
            try await self.performer.authorize(invocation)
        }

        func perform(
            _ invocation: Invocation, progress: @escaping ProgressSink
        ) async throws(OperationError) -> OperationResult {
            let isWhole = self.isWhole.withLock { isWhole in
                defer { isWhole = isWhole || invocation.isLive }
                return isWhole
            }
            guard invocation.isLive, !isWhole else {
                return try await self.performer.perform(invocation, progress: progress)
            }
            if let step = await self.firstStep(of: invocation) { await progress(step) }
            _ = try await self.performer.perform(self.meanwhile) { _ in }
            throw OperationError(.unavailable, "the connection is lost")
        }

        private func firstStep(of invocation: Invocation) async -> Progress? {
            let steps = Recorder<Progress>()
            return await withTaskGroup(of: Void.self, returning: Progress?.self) { group in
                group.addTask { _ = try? await self.performer.perform(invocation) { steps.record($0) } }
                let step = try? await steps.next()
                group.cancelAll()
                return step
            }
        }
    }

    @Test("What happens meanwhile is told to who comes back, though nothing had happened before")
    func beforeTheFirstEvent() async throws {
        let bench = try ClientBench()
        try await bench.run(wrap: { Severed($0, meanwhile: CoordinatorBench.place("meanwhile")) }) {
            _, server in
            var events = ClientBench.client(server).watch().makeAsyncIterator()
            let event = try await events.next()
            #expect(event?.name == "meanwhile" && event?.number == 1)
            #expect(event?.followsGap == false)
        }
    }
}
