import CloudModel
import Operations
import Synchronization
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Operations that other sites ask for")
struct InvokeFaceTests {
    /// Counts what it performs; fails as often as it is told to.
    private final class Counter: OperationGatekeeper {
        let performed = Mutex(0)
        let failures: Mutex<Int>
        /// What everybody's grant reaches; nil if there is none.
        let scope: Mutex<Grant.Scope?> = Mutex(.site)

        init(failures: Int = 0) {
            self.failures = Mutex(failures)
        }

        func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope {
            guard let scope = self.scope.withLock({ $0 }) else {
                throw OperationError(.forbidden, "no grant allows it")
            }
            return scope
        }

        func perform(
            _ invocation: Invocation, progress: @escaping ProgressSink
        ) async throws(OperationError) -> OperationResult {
            let fails = self.failures.withLock { failures in
                defer { failures = max(0, failures - 1) }
                return failures > 0
            }
            if fails { throw OperationError(.unavailable, "not now") }
            let number = self.performed.withLock { count in
                count += 1
                return count
            }
            return OperationResult(site: SiteID("rome.test"), value: .string("\(number)"))
        }
    }

    private static let tokyo = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)
    private static let rome = JID(preparedLocal: nil, domain: "rome.test", resource: nil)

    private static func request(
        _ key: String?, operation: String = "machine.reboot", arguments: [String: Value] = [:]
    ) -> Element {
        Invoke(operation: operation, arguments: arguments, behalf: nil, idempotencyKey: key).element
    }

    @Test("The same key from the same site is performed once, and answered alike")
    func repetition() async throws {
        let counter = Counter()
        let face = InvokeFace(performer: OncePerformer(counter))
        let first = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        let second = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        #expect(first == second)
        #expect(counter.performed.withLock { $0 } == 1)
        _ = try await face.respond(to: Self.request("a"), from: Self.rome)
        _ = try await face.respond(to: Self.request("b"), from: Self.tokyo)
        _ = try await face.respond(to: Self.request(nil), from: Self.tokyo)
        #expect(counter.performed.withLock { $0 } == 4)
    }

    @Test("Repetitions that arrive while the first is under way wait for it")
    func atOnce() async throws {
        let counter = Counter()
        let face = InvokeFace(performer: OncePerformer(counter))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask { _ = try await face.respond(to: Self.request("a"), from: Self.tokyo) }
            }
            try await group.waitForAll()
        }
        #expect(counter.performed.withLock { $0 } == 1)
    }

    @Test("What failed was not performed, and may be asked for again")
    func failure() async throws {
        let counter = Counter(failures: 1)
        let face = InvokeFace(performer: OncePerformer(counter))
        await #expect(throws: StanzaError.self) {
            _ = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        }
        _ = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        #expect(counter.performed.withLock { $0 } == 1)
    }

    @Test("A repetition is not answered without a grant, nor under another one")
    func repetitionWithoutGrant() async throws {
        let counter = Counter()
        let face = InvokeFace(performer: OncePerformer(counter))
        _ = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        for (scope, condition) in [
            (nil, StanzaError.Condition.forbidden), (.own, .conflict),
        ] as [(Grant.Scope?, StanzaError.Condition)] {
            counter.scope.withLock { $0 = scope }
            let error = await #expect(throws: StanzaError.self) {
                _ = try await face.respond(to: Self.request("a"), from: Self.tokyo)
            }
            #expect(error?.condition == condition)
        }
        #expect(counter.performed.withLock { $0 } == 1)
    }

    @Test("A key that was used for another operation, or with other arguments, is refused")
    func otherRequest() async throws {
        let counter = Counter()
        let face = InvokeFace(performer: OncePerformer(counter))
        let first = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        for other in [
            Self.request("a", operation: "machine.remove"),
            Self.request("a", arguments: ["name": .string("web-1")]),
        ] {
            let error = await #expect(throws: StanzaError.self) {
                _ = try await face.respond(to: other, from: Self.tokyo)
            }
            #expect(error?.condition == .conflict)
        }
        #expect(try await face.respond(to: Self.request("a"), from: Self.tokyo) == first)
        #expect(counter.performed.withLock { $0 } == 1)
    }

    @Test("Only so many outcomes are remembered, the newest")
    func bounded() {
        var memory = InvokeMemory<String, Int, Int>(limit: 2)
        for number in 0..<3 {
            let key = InvokeMemory<String, Int, Int>.Key(caller: "tokyo.test", key: "\(number)")
            _ = memory.begin(key, "reboot", waiter: 0)
            _ = memory.finish(key, number)
        }
        var known: [Bool] = []
        for number in 0..<3 {
            if case .known = memory.begin(
                .init(caller: "tokyo.test", key: "\(number)"), "reboot", waiter: 0)
            {
                known.append(true)
            } else {
                known.append(false)
            }
        }
        #expect(known == [false, true, true])
    }
}
