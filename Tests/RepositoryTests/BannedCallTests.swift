import Testing

@Suite("Calls that do not belong where they are")
struct BannedCallTests {
    struct Rule: Sendable {
        let pattern: @Sendable () -> Regex<Substring>
        let advice: String

        init(_ pattern: @autoclosure @escaping @Sendable () -> Regex<Substring>, _ advice: String) {
            self.pattern = pattern
            self.advice = advice
        }
    }

    /// On the pure floors: whatever a seed could not replay.
    static let pureRules = [
        Rule(
            /\bTask\s*(?:\.|\{|\()/, "a pure floor starts no tasks: return a directive and let a shell do it"),
        Rule(
            /\b(?:ContinuousClock|SuspendingClock|Date\(|DispatchTime|clock_gettime|gettimeofday|time\(nil)/,
            "a pure floor has no clock: take `now: Instant` as an argument"),
        Rule(
            /\b(?:SystemRandomNumberGenerator|SecureRandom|arc4random|UUID\(\)|\.random\(\)|shuffled\(\)|randomElement\(\))/,
            "a pure floor has no randomness: take `inout some RandomNumberGenerator` as an argument"),
        Rule(
            /\.random\(in:(?!.*using:)/,
            "a pure floor has no randomness: pass `using:` a generator that came in"),
        Rule(
            /(?:^|[{;])\s*(?:print|debugPrint)\(|\bLogger\b/,
            "a pure floor does not speak: return what there is to say"),
        Rule(
            /\b(?:getenv|fopen|FileManager|ProcessInfo|DispatchQueue|Mutex)\b/,
            "a pure floor has no I/O and no locks"),
    ]

    /// On the pure floors that do not describe what others perform.
    static let synchronousRules = [
        Rule(/\b(?:async|await)\b/, "a pure floor does not wait: make it synchronous and return a directive")
    ]

    /// Everywhere outside the tests.
    static let sourceRules = [
        Rule(
            /[\w\)\]>]!(?![=\w])/,
            "no force unwraps, `try!` or `as!`: handle the nil, or throw with what is missing"),
        Rule(/\bfatalError\(/, "no fatalError: throw, or state the broken promise in a precondition"),
        Rule(/\bTask\.detached\b/, "no detached tasks: use a child task of a Service"),
        Rule(
            /\bAsyncStream(?:<[^>]*>)?\s*(?:\{\s*\w+\s+in\b|\(\s*\w+\.self\s*\))/,
            "an AsyncStream states its bufferingPolicy"),
        Rule(/\bAsyncStream\.makeStream\((?:of: [\w.]+)?\)/, "an AsyncStream states its bufferingPolicy"),
    ]

    /// Everywhere outside the tests, the benchmarks and the programs of others: ids, keys and draws come from OpenSSL.
    static let randomRules = [
        Rule(
            /\b(?:SystemRandomNumberGenerator|arc4random|UUID\(\)|shuffled\(\)|randomElement\(\)|\.random\(\))/,
            "random numbers come from `SecureRandom`, or from a generator that came in"),
        Rule(
            /\.random\(in:(?!.*using:)/,
            "random numbers come from `SecureRandom`: pass `using:` one, or a generator that came in"),
    ]

    /// In tests.
    static let testRules = [
        Rule(
            /\bTask\.sleep\b|\busleep\(|\bsleep\(/,
            "tests do not sleep: wait for the condition, or drive the clock"),
        Rule(
            /\bwhile\b(?!.*isCancelled).*\bTask\.yield\(\)/,
            "a time limit cannot end a loop that does not look: use `Turns.pass(until:)`"),
        Rule(/\.disabled\(/, "no disabled tests: mend it or delete it"),
        Rule(
            /\bif: (?:getuid|FileManager|ProcessInfo|\w+ != nil)/,
            "no test is left out in silence: ask `Prerequisite`, which `deploy/check` makes say yes"),
    ]

    @Test("The pure floors can be replayed from a seed")
    func pure() {
        // `SecureRandom` is defined in Cryptography, for the shells.
        let files = Repository.sources.filter {
            Floors.pure.contains($0.target) && $0.path != "Sources/Cryptography/SecureRandom.swift"
        }
        Violation.report(Self.violations(of: Self.pureRules, in: files))
        // `Operations` holds the port through which roles perform an operation, and performing takes time.
        let cores = files.filter { $0.target != "Operations" }
        Violation.report(Self.violations(of: Self.synchronousRules, in: cores))
    }

    @Test("Nothing crashes, sleeps or piles up on somebody else's word")
    func sources() {
        Violation.report(Self.violations(of: Self.sourceRules, in: Repository.sources))
    }

    @Test("Nothing that anybody could guess: random numbers are OpenSSL's")
    func randomNumbers() {
        // `TradewindClient` puts no OpenSSL into the programs of others: its keys are the system's random numbers.
        let files = Repository.sources.filter { !["Benchmarks", "TradewindClient"].contains($0.target) }
        Violation.report(Self.violations(of: Self.randomRules, in: files))
    }

    @Test(
        "The rule on random numbers finds what it is there to find",
        arguments: [
            ("var random = SystemRandomNumberGenerator()", true), ("let id = UUID()", true),
            ("var random = SecureRandom()", false), ("Int.random(in: 0..<4)", true),
            ("Int.random(in: 0..<4, using: &random)", false), ("a.randomElement()", true),
        ])
    func randomExamples(line: String, isViolation: Bool) {
        let file = SourceFile(path: "Sources/Agent/A.swift", text: line)
        #expect(Self.violations(of: Self.randomRules, in: [file]).isEmpty == !isViolation)
    }

    @Test("Tests are on, and do not sleep")
    func tests() {
        // A helper that looks again until a condition holds or its time is up has to wait in between.
        let files = Repository.tests.filter { !$0.path.contains("/Support/") }
        Violation.report(Self.violations(of: Self.testRules, in: files))
    }

    @Test("Only main, the benchmarks and the command line print")
    func printing() {
        let rule = Rule(
            /(?:^|[{;])\s*(?:print|debugPrint)\(/,
            "only `tradewind` and `Benchmarks` print: log, or return the text")
        let files = Repository.sources.filter { $0.target != "tradewind" && $0.target != "Benchmarks" }
        Violation.report(Self.violations(of: [rule], in: files))
    }

    @Test("Unstructured tasks are few and known")
    func unstructuredTasks() {
        let rule = Rule(
            /\bTask\s*(?:\{|\(priority)/, "no fire-and-forget tasks: use a child task of a Service's `run`")
        Violation.report(Self.violations(of: [rule], in: Repository.sources))
    }

    @Test("No thread is put to sleep")
    func sleepingThreads() {
        let rule = Rule(
            /\bThread\.sleep|\busleep\(|\bsleep\(\d/, "wait for an event, or on the clock that was passed in")
        let files = Repository.sources.filter { !Self.sleepers.contains($0.path) }
        Violation.report(Self.violations(of: [rule], in: files))
    }

    /// Files with a thread of their own that waits before it tries again.
    static let sleepers: Set = ["Sources/MachineDrivers/Libvirt/LibvirtEventLoop.swift"]

    @Test("The compiler's word on data races is overruled only where this list says so")
    func unchecked() {
        let rule = Rule(
            /@unchecked Sendable|nonisolated\(unsafe\)|@preconcurrency/,
            "keep the compiler's checks; if it cannot be done, prove it beside the line and add the file to `unproven`"
        )
        let files = Repository.sources.filter { !Self.unproven.contains($0.path) }
        Violation.report(Self.violations(of: [rule], in: files))
        for path in Self.unproven.sorted() where !Repository.sources.contains(where: { $0.path == path }) {
            Issue.record("\(path) is gone: take it off the list `unproven`")
        }
    }

    /// Files that may overrule the compiler, each with its proof beside the line.
    static let unproven: Set = [
        "Sources/MachineDrivers/Libvirt/LibvirtReference.swift",
        "Sources/XMPPTransport/DNS/NameQueries.swift",
        "Sources/XMPPTransport/TLS/CertificateStore.swift",
        "Sources/XMPPTransport/TLS/TLSContext.swift",
    ]

    @Test(
        "The rules find what they are there to find",
        arguments: [
            ("let a = b!", true), ("let a = b != c", false), ("let a = try! b()", true), ("x as! Y", true),
            ("if !a { }", false), ("a()!.b", true), ("let a: Int! = nil", true), ("a[0]!", true),
            ("!a", false),
            ("fatalError()", true), ("// a!", false), ("\"wow!\"", false), ("AsyncStream { c in }", true),
            ("AsyncStream(A.self, bufferingPolicy: .bufferingNewest(1)) { c in }", false),
            ("AsyncStream.makeStream(of: Int.self)", true),
        ])
    func sourceExamples(line: String, isViolation: Bool) {
        let file = SourceFile(path: "Sources/Agent/A.swift", text: line)
        #expect(Self.violations(of: Self.sourceRules, in: [file]).isEmpty == !isViolation)
    }

    @Test(
        "The rules of the pure floors find what they are there to find",
        arguments: [
            ("Task { a() }", true), ("let t: MigrationTask", false), ("Int.random(in: 0..<4)", true),
            ("Int.random(in: 0..<4, using: &random)", false), ("a.shuffled()", true),
            ("a.shuffled(using: &r)", false),
            ("let c = ContinuousClock()", true), ("func f() async", true), ("\"await\"", false),
            ("print(1)", true), ("    print(1)", true),
            ("package mutating func print(_ element: Element)", false),
        ])
    func pureExamples(line: String, isViolation: Bool) {
        let file = SourceFile(path: "Sources/Gossip/A.swift", text: line)
        let rules = Self.pureRules + Self.synchronousRules
        #expect(Self.violations(of: rules, in: [file]).isEmpty == !isViolation)
    }

    @Test(
        "The rules for tests find what they are there to find",
        arguments: [
            (".enabled(if: getuid() == 0)", true), (".enabled(if: peers != nil)", true),
            ("if: FileManager.default.fileExists(atPath: path)", true),
            (".enabled(if: Prerequisite.allowsRoot)", false), (".enabled(if: Guest.isAvailable)", false),
            ("Task.sleep(for: a)", true), (".disabled(\"later\")", true),
            ("while !a { await Task.yield() }", true),
            ("while !a, !Task.isCancelled { await Task.yield() }", false),
        ])
    func testExamples(line: String, isViolation: Bool) {
        let file = SourceFile(path: "Tests/AgentTests/A.swift", text: line)
        #expect(Self.violations(of: Self.testRules, in: [file]).isEmpty == !isViolation)
    }

    static func violations(of rules: [Rule], in files: [SourceFile]) -> [Violation] {
        rules.flatMap { rule in
            let pattern = rule.pattern()
            return files.flatMap { $0.violations(of: pattern, rule.advice) }
        }
    }
}
