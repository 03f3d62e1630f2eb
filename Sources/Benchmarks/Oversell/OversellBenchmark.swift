import Foundation

/// Whether a site ever promises more than it has.
struct OversellBenchmark: Benchmark {
    let name = "oversell"
    let summary =
        "64 callers at once want the 16 places of one site, again and again, in-memory driver, SQLite on disk. In "
        + "one process: 4 real coordinators and a real agent, messages lost, doubled, delayed and late, "
        + "one of them killed every 300 ms. With processes: HTTP, 2 coordinators, TLS between servers, one site, "
        + "a process killed with SIGKILL or all connections between servers cut or stopped every few seconds"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        let inOneProcess = try await Self.inOneProcess(settings)
        return inOneProcess + (try await Self.withProcesses(settings))
    }

    private static func oversold(_ count: Int, of rounds: Int, kills: Int) -> Measurement {
        Measurement(
            "\(rounds) rounds and \(kills) kills: rounds in which more was promised than there is",
            Double(count), goal: .atMost(0))
    }

    private static func withProcesses(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var plan = OversellDrill.Plan()
        plan.rounds = settings.oversellRounds
        return try await Alliance.measure(OversellDrill.alliance, settings) { [plan] alliance in
            let result = try await OversellDrill(plan, alliance).run()
            let rows = [
                Self.oversold(result.oversold, of: result.rounds, kills: result.kills),
                Measurement("looks at what the site has promised", Double(result.looks)),
                Measurement("rounds in which every place was taken", Double(result.full)),
                Measurement("placed", Double(result.placed)),
                Measurement("turned away", Double(result.turnedAway)),
                Measurement(
                    "holds and machines left when all was over", Double(result.leaks), goal: .atMost(0)),
                Measurement("time", result.seconds, unit: "s"),
            ]
            let troubles = OversellTrouble.Kind.allCases.map {
                Measurement($0.rawValue, Double(result.troubles[$0] ?? 0))
            }
            return (rows + troubles).map { $0.named("with processes: " + $0.name) }
        }
    }

    private static func inOneProcess(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var plan = OversellRig.Plan()
        plan.rounds = settings.oversellRounds
        let directory = "/var/tmp/tradewind.\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let result = try await OversellRig(plan, directory: directory).run()
        try FileManager.default.removeItem(atPath: directory)
        return [
            Self.oversold(result.oversold, of: result.rounds, kills: result.restarts),
            Measurement("rounds at whose end every place was taken", Double(result.full)),
            Measurement("placed", Double(result.placed)),
            Measurement("turned away", Double(result.turnedAway)),
            Measurement("holds and machines left when all was over", Double(result.leaks), goal: .atMost(0)),
            Measurement("time", result.seconds, unit: "s"),
        ].map { $0.named("in one process: " + $0.name) }
    }
}
