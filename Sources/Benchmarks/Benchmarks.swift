import ArgumentParser
import Foundation
import UnixSignals

/// Measures Tradewind's parts and prints a table, or JSON for programs.
///
/// Numbers are for comparing versions and designs on one machine. Some have a goal, and `--goals` says which are met;
/// none is a test that fails.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract:
            "Measures Tradewind's parts. Build with `-c release`, and leave the machine alone meanwhile.")

    /// Every benchmark there is, in the order they run.
    static let all: [any Benchmark] = [
        XMLBenchmark(), ArchiveBenchmark(), NamesBenchmark(), PlacementBenchmark(), PushBenchmark(),
        IdleBenchmark(), OversellBenchmark(), SilentBenchmark(), DecisionBenchmark(), GrowthBenchmark(),
        BurstBenchmark(), RefusalBenchmark(), QualityBenchmark(), RegretBenchmark(),
    ]

    @Argument(help: "The benchmarks to run; all of them if none is named.")
    var names: [String] = []

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Flag(help: "Print only what has a goal, and whether it is reached, as a table in Markdown.")
    var goals = false

    @Flag(help: "Name the benchmarks and run none.")
    var list = false

    @Flag(help: "Measure so little that the numbers mean nothing, to see that all works.")
    var brief = false

    @OptionGroup var placement: PlacementOptions

    @Option(help: "Rounds of oversell, in one process and with processes; 100 if not given.")
    var rounds: Int?

    @Option(help: "The tradewind program to measure; the one beside this program if not given.")
    var tradewind: String?

    @Option(name: .customLong("delay-relay"), help: "The program that keeps processes far apart.")
    var delayRelay = "deploy/delay-relay"

    @Option(help: "A table of round trips between AWS regions (JSON), for quality and regret.")
    var regionRoundTrips: String?

    @Option(help: "A table of pings between countries (CSV), for regret.")
    var countryRoundTrips: String?

    @Option(help: "Where growth draws a picture (SVG).")
    var picture: String?

    func validate() throws {
        let known = Self.all.map(\.name)
        for name in self.names where !known.contains(name) {
            throw ValidationError(
                "There is no benchmark \(name); there are: \(known.joined(separator: ", ")).")
        }
        if let rounds, rounds < 1 { throw ValidationError("--rounds takes 1 or more.") }
    }

    func run() async throws {
        let chosen = Self.all.filter { self.names.isEmpty || self.names.contains($0.name) }
        if self.list {
            for benchmark in chosen { print("\(benchmark.name): \(benchmark.summary)") }
            return
        }
        try await withThrowingTaskGroup(of: [BenchmarkReport].self) { group in
            group.addTask { try await self.stopOnSignal() }
            group.addTask { try await self.measure(chosen) }
            let reports = try await group.next() ?? []
            group.cancelAll()
            if self.json {
                print(try BenchmarkReport.json(reports))
            } else {
                print(
                    self.goals
                        ? BenchmarkReport.goals(reports, options: self.options)
                        : BenchmarkReport.table(reports))
            }
        }
    }

    /// What was given beside the names of the benchmarks and the wish for this table.
    private var options: [String] {
        CommandLine.arguments.dropFirst().filter { $0 != "--goals" && !self.names.contains($0) }
    }

    /// Throws when the process is to end, so that what was started is ended first.
    private func stopOnSignal() async throws -> [BenchmarkReport] {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
            throw BenchmarkFailure("stopped by a signal")
        }
        return []
    }

    private func measure(_ chosen: [any Benchmark]) async throws -> [BenchmarkReport] {
        var settings = BenchmarkSettings(
            tradewind: self.tradewind ?? Self.neighbour("tradewind"), relay: self.delayRelay)
        settings.regionRoundTrips = self.regionRoundTrips
        settings.countryRoundTrips = self.countryRoundTrips
        settings.picture = self.picture
        if self.brief { settings.shorten() }
        settings.sites = self.placement.sites
        settings.callers = self.placement.callers
        settings.oversellRounds = self.rounds ?? settings.oversellRounds
        var reports: [BenchmarkReport] = []
        for benchmark in chosen {
            if self.names.isEmpty, let lack = benchmark.lacks(settings) {
                Self.say("leaving out \(benchmark.name): \(lack)")
                continue
            }
            Self.say("measuring \(benchmark.name) …")
            let load = Measurement("load average of the machine before", try ProcessUsage.load())
            reports.append(
                BenchmarkReport(
                    name: benchmark.name, summary: benchmark.summary,
                    measurements: try await benchmark.run(settings) + [load]))
        }
        return reports
    }

    static func say(_ words: String) {
        FileHandle.standardError.write(Data((words + "\n").utf8))
    }

    /// The program of that name in the folder of this one.
    private static func neighbour(_ name: String) -> String {
        let folder = Bundle.main.executableURL?.deletingLastPathComponent()
        return folder?.appendingPathComponent(name).path ?? name
    }
}
