/// One thing worth measuring.
///
/// A new one is a type in a file of its own, added to `Benchmarks.all`.
protocol Benchmark: Sendable {
    /// What one types to run it alone.
    var name: String { get }
    /// What is measured against what, in one sentence.
    var summary: String { get }

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement]
}
