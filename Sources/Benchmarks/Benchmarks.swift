import ArgumentParser
import Foundation

/// Measures Tradewind's parts and prints a table, or JSON for programs.
///
/// Numbers are for comparing versions and designs on one machine; nothing here is a test that passes or fails.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract:
            "Measures Tradewind's parts. Build with `-c release`, and leave the machine alone meanwhile.")

    /// Every benchmark there is, in the order they run.
    static let all: [any Benchmark] = [XMLBenchmark()]

    @Argument(help: "The benchmarks to run; all of them if none is named.")
    var names: [String] = []

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Flag(help: "Name the benchmarks and run none.")
    var list = false

    func validate() throws {
        let known = Self.all.map(\.name)
        for name in self.names where !known.contains(name) {
            throw ValidationError(
                "There is no benchmark \(name); there are: \(known.joined(separator: ", ")).")
        }
    }

    func run() async throws {
        let chosen = Self.all.filter { self.names.isEmpty || self.names.contains($0.name) }
        if self.list {
            for benchmark in chosen { print("\(benchmark.name): \(benchmark.summary)") }
            return
        }
        var reports: [BenchmarkReport] = []
        for benchmark in chosen {
            FileHandle.standardError.write(Data("measuring \(benchmark.name) …\n".utf8))
            reports.append(
                BenchmarkReport(
                    name: benchmark.name, summary: benchmark.summary, measurements: try await benchmark.run())
            )
        }
        print(self.json ? try BenchmarkReport.json(reports) : BenchmarkReport.table(reports))
    }
}
