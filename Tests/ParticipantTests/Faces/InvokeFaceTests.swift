import CloudModel
import Operations
import Synchronization
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Operations that other sites ask for", .timeLimit(.minutes(2)))
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

    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
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
        let face = InvokeFace(performer: OncePerformer(counter, now: { Self.now }))
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
        let face = InvokeFace(performer: OncePerformer(counter, now: { Self.now }))
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
        let face = InvokeFace(performer: OncePerformer(counter, now: { Self.now }))
        await #expect(throws: StanzaError.self) {
            _ = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        }
        _ = try await face.respond(to: Self.request("a"), from: Self.tokyo)
        #expect(counter.performed.withLock { $0 } == 1)
    }

    @Test("A repetition is not answered without a grant, nor under another one")
    func repetitionWithoutGrant() async throws {
        let counter = Counter()
        let face = InvokeFace(performer: OncePerformer(counter, now: { Self.now }))
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
        let face = InvokeFace(performer: OncePerformer(counter, now: { Self.now }))
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

    @Test("Large requests do not push each other out: what they asked for is not kept")
    func largeRequests() async throws {
        let counter = Counter()
        let face = InvokeFace(performer: OncePerformer(counter, now: { Self.now }))
        for key in 0..<8 {
            let document = String(repeating: "\(key)", count: 250_000)
            _ = try await face.respond(
                to: Self.request("\(key)", arguments: ["document": .string(document)]), from: Self.tokyo)
        }
        let first = String(repeating: "0", count: 250_000)
        _ = try await face.respond(
            to: Self.request("0", arguments: ["document": .string(first)]), from: Self.tokyo)
        #expect(counter.performed.withLock { $0 } == 8)
        let other = await #expect(throws: StanzaError.self) {
            _ = try await face.respond(
                to: Self.request("0", arguments: ["document": .string(first + "0")]), from: Self.tokyo)
        }
        #expect(other?.condition == .conflict)
    }

    /// Says that it performs, and goes on when it is let.
    private final class Held: OperationGatekeeper {
        let began = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let release = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

        func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope { .site }

        func perform(
            _ invocation: Invocation, progress: @escaping ProgressSink
        ) async throws(OperationError) -> OperationResult {
            self.began.continuation.yield()
            for await _ in self.release.stream { break }
            return OperationResult(site: SiteID("rome.test"), value: .string("done"))
        }
    }

    private static func reboot(_ key: String) -> Invocation {
        Invocation(
            operation: "machine.reboot",
            caller: GrantBook.Caller(address: "alice@rome.test", domain: "rome.test"), idempotencyKey: key)
    }

    @Test("A repetition whose asker has gone waits no longer, and the request goes on")
    func leaving() async throws {
        let held = Held()
        let once = OncePerformer(held, now: { Self.now })
        let invocation = Self.reboot("a")
        async let first = once.perform(invocation)
        for await _ in held.began.stream { break }
        await withTaskGroup(of: OperationError.Code?.self) { group in
            group.addTask {
                do throws(OperationError) {
                    _ = try await once.perform(invocation)
                    return nil
                } catch {
                    return error.code
                }
            }
            await Task.yield()
            group.cancelAll()
            let code = await group.next() ?? nil
            #expect(code == .cancelled)
        }
        held.release.continuation.yield()
        let result = try await first
        #expect(result.value == .string("done"))
    }

    @Test("Who has as many requests under way as they may is told how many those are")
    func tooManyOpen() async throws {
        let held = Held()
        var limits = OncePerformer.Memory.Limits()
        limits.openPerCaller = 1
        let once = OncePerformer(held, limits: limits, now: { Self.now })
        async let first = once.perform(Self.reboot("a"))
        for await _ in held.began.stream { break }
        let error = await #expect(throws: OperationError.self) { try await once.perform(Self.reboot("b")) }
        #expect(error?.code == .tooMany)
        #expect(error?.message == "1 of your requests with a key are under way already")
        held.release.continuation.yield()
        _ = try await first
    }

    @Test("What only reads is performed each time")
    func reading() async throws {
        let counter = Counter()
        let face = InvokeFace(performer: OncePerformer(counter, now: { Self.now }))
        for _ in 0..<3 {
            _ = try await face.respond(
                to: Self.request("a", operation: "machine.list"), from: Self.tokyo)
        }
        #expect(counter.performed.withLock { $0 } == 3)
    }

    // MARK: What is remembered

    private typealias Memory = InvokeMemory<String, Int, Int>

    /// Performs `key` of `caller` if it is not known; whether it was.
    private func ask(
        _ memory: inout Memory, _ caller: String, _ key: Int, cost: Int = 1, at now: Instant = Self.now
    ) -> Bool {
        let name = Memory.Key(caller: caller, key: "\(key)")
        if case .known = memory.begin(name, "reboot", waiter: 0, number: 0, now: now) { return true }
        _ = memory.finish(name, key, cost: cost, now: now)
        return false
    }

    private static func limits(_ change: (inout Memory.Limits) -> Void) -> Memory.Limits {
        var limits = Memory.Limits()
        change(&limits)
        return limits
    }

    @Test("So many outcomes of one caller are remembered, the newest, and they push out nobody else's")
    func boundedPerCaller() {
        var memory = Memory(limits: Self.limits { $0.outcomesPerCaller = 2 })
        _ = self.ask(&memory, "rome.test", 0)
        for key in 0..<3 { _ = self.ask(&memory, "tokyo.test", key) }
        let known = [2, 1, 0].map { self.ask(&memory, "tokyo.test", $0) }
        #expect(known == [true, true, false])
        let others = self.ask(&memory, "rome.test", 0)
        #expect(others)
    }

    @Test("So many bytes of one caller are remembered; what costs more by itself is not")
    func boundedBytes() {
        var memory = Memory(limits: Self.limits { $0.bytesPerCaller = 10 })
        _ = self.ask(&memory, "tokyo.test", 0, cost: 5)
        _ = self.ask(&memory, "tokyo.test", 1, cost: 5)
        let both = [0, 1].map { self.ask(&memory, "tokyo.test", $0) }
        #expect(both == [true, true])
        _ = self.ask(&memory, "tokyo.test", 2, cost: 11)
        let large = self.ask(&memory, "tokyo.test", 2, cost: 11)
        #expect(!large)
        _ = self.ask(&memory, "tokyo.test", 3, cost: 6)
        let known = [3, 1].map { self.ask(&memory, "tokyo.test", $0, cost: 6) }
        #expect(known == [true, false])
    }

    @Test("When all together are too many, the oldest of whoever has most go")
    func boundedTogether() {
        for limits in [Self.limits { $0.outcomes = 3 }, Self.limits { $0.bytes = 3 }] {
            var memory = Memory(limits: limits)
            _ = self.ask(&memory, "rome.test", 0)
            for key in 0..<3 { _ = self.ask(&memory, "tokyo.test", key) }
            let known = [
                self.ask(&memory, "rome.test", 0), self.ask(&memory, "tokyo.test", 2),
                self.ask(&memory, "tokyo.test", 1),
            ]
            #expect(known == [true, true, true])
            let oldest = self.ask(&memory, "tokyo.test", 0)
            #expect(!oldest)
        }
    }

    @Test("So many requests of one caller are open, those that wait included, and keep nobody else out")
    func boundedOpen() {
        var memory = Memory(limits: Self.limits { $0.openPerCaller = 3 })
        func begin(_ caller: String, _ key: String, _ number: Int = 0) -> String {
            let name = Memory.Key(caller: caller, key: key)
            return "\(memory.begin(name, "reboot", waiter: number, number: number, now: Self.now))"
        }
        #expect(begin("tokyo.test", "a") == "perform")
        #expect(begin("tokyo.test", "b") == "perform")
        #expect(begin("tokyo.test", "a", 1) == "wait")
        #expect(begin("tokyo.test", "a", 2) == "tooMany")
        #expect(begin("tokyo.test", "c") == "tooMany")
        #expect(begin("rome.test", "a") == "perform")
        // Who waits no longer makes room, once.
        let name = Memory.Key(caller: "tokyo.test", key: "a")
        let gone = [memory.leave(name, number: 1), memory.leave(name, number: 1)]
        #expect(gone == [1, nil])
        #expect(begin("tokyo.test", "a", 3) == "wait")
        #expect(begin("tokyo.test", "a", 4) == "tooMany")
        // What is done makes room for itself and for those who waited.
        let told = memory.finish(name, nil, cost: 0, now: Self.now)
        #expect(told == [3])
        #expect(begin("tokyo.test", "c") == "perform")
        #expect(begin("tokyo.test", "d") == "perform")
        #expect(begin("tokyo.test", "e") == "tooMany")
    }

    @Test("Of a caller who does not come back nothing is kept for longer than of others")
    func sweeping() {
        var memory = Memory(limits: Self.limits { $0.age = .seconds(10) })
        _ = self.ask(&memory, "tokyo.test", 0)
        _ = self.ask(&memory, "rome.test", 0, at: Self.now.advanced(by: .seconds(9)))
        #expect(memory.count == 2)
        _ = self.ask(&memory, "rome.test", 1, at: Self.now.advanced(by: .seconds(11)))
        #expect(memory.count == 2)
        _ = self.ask(&memory, "rome.test", 2, at: Self.now.advanced(by: .seconds(21)))
        #expect(memory.count == 2)
    }

    @Test("An outcome is remembered for so long")
    func aging() {
        var memory = Memory(limits: Self.limits { $0.age = .seconds(10) })
        _ = self.ask(&memory, "tokyo.test", 0)
        let still = self.ask(&memory, "tokyo.test", 0, at: Self.now.advanced(by: .seconds(10)))
        #expect(still)
        let later = self.ask(&memory, "tokyo.test", 0, at: Self.now.advanced(by: .milliseconds(10_001)))
        #expect(!later)
    }
}
