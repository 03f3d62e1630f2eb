import Testing

/// A loop that waits for what never comes would keep `swift test` from ending at all.
@Suite("Tests that wait come to an end")
struct TimeLimitTests {
    /// What waits without an end of its own; a coordinator under test waits until it is ready.
    private static let loops = ["while true", "Task.yield()", "Turns.pass(", "CoordinatorBench("]

    @Test("Suites that wait in a loop have a time limit")
    func limits() {
        Violation.report(Repository.tests.flatMap(Self.endless))
    }

    @Test(
        "The rule finds what it is there to find",
        arguments: [
            ("@Suite(\"a\")\nstruct A { @Test func a() { while true {} } }", 1),
            ("@Suite(\"a\", .timeLimit(.minutes(2)))\nstruct A { @Test func a() { while true {} } }", 0),
            (
                "@Suite(\n    \"a\",\n    .timeLimit(.minutes(2)))\nstruct A { @Test func a() { while true {} } }",
                0
            ),
            ("struct A { @Test func a() async { while a { await Task.yield() } } }", 1),
            ("@Suite struct A { @Test func a() { _ = CoordinatorBench() } }", 1),
            ("@Suite struct A { @Test func a() async { await Turns.pass(until: b) { c } } }", 1),
            ("@Suite struct A { @Test func a() { while a {} } }", 0),
            ("struct Helper { func a() { while true {} } }", 0),
        ])
    func examples(text: String, violations: Int) {
        let file = SourceFile(path: "Tests/RoleTests/A.swift", text: text)
        #expect(Self.endless(in: file).count == violations)
    }

    private static func endless(in file: SourceFile) -> [Violation] {
        let isWaiting = file.code.contains { line in Self.loops.contains { line.contains($0) } }
        guard isWaiting, file.code.contains(where: { $0.contains("@Test") }) else { return [] }
        let suites = file.code.indices.filter { file.code[$0].contains("@Suite") }
        return (suites.isEmpty ? [0] : suites).compactMap { start in
            let end = file.code[start...].firstIndex { $0.contains("struct ") } ?? start
            guard !file.code[start...end].contains(where: { $0.contains(".timeLimit(") }) else { return nil }
            return Violation(
                file: file.path, line: start + 1,
                advice: "a test here waits in a loop: give its suite `.timeLimit(.minutes(2))`")
        }
    }
}
