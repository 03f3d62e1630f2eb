import Foundation

/// Whether a site ever promises more than it has.
struct OversellBenchmark: Benchmark {
    let name = "oversell"
    let summary =
        "64 callers at once want the 16 places of one site through 4 coordinators, again and again; real "
        + "coordinators and a real agent in this process, in-memory driver, SQLite on disk; messages lost, "
        + "doubled, delayed and late, a process ended and started again every 300 ms"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var plan = OversellRig.Plan()
        plan.rounds = settings.oversellRounds
        let directory = "/var/tmp/tradewind.\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let result = try await OversellRig(plan, directory: directory).run()
        try FileManager.default.removeItem(atPath: directory)
        return [
            Measurement("rounds", Double(result.rounds)),
            Measurement(
                "rounds in which more was promised than there is", Double(result.oversold), goal: .atMost(0)),
            Measurement("rounds at whose end every place was taken", Double(result.full)),
            Measurement("placed", Double(result.placed)),
            Measurement("turned away", Double(result.turnedAway)),
            Measurement("processes ended and started again", Double(result.restarts)),
            Measurement("holds and machines left when all was over", Double(result.leaks)),
            Measurement("time", result.seconds, unit: "s"),
        ]
    }
}
