/// One thing worth measuring.
///
/// A new one is a type in a file of its own, added to `Benchmarks.all`.
protocol Benchmark: Sendable {
    /// What one types to run it alone.
    var name: String { get }
    /// What is measured against what, in one sentence.
    var summary: String { get }

    /// What it needs and was not given, in words that say what to do; nil if it can run.
    func lacks(_ settings: BenchmarkSettings) -> String?

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement]
}

extension Benchmark {
    func lacks(_ settings: BenchmarkSettings) -> String? { nil }
}
