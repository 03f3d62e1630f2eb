import TestRandomness

/// The burst of `BurstDrill`, many times over: on sites with a cap, and on sites that take everything.
///
/// A site with a cap never has more, whatever a coordinator does: it refuses. So what counts there is what the site was
/// asked for; and how unevenly a coordinator spreads shows only where nobody refuses.
struct BurstBenchmark: Benchmark {
    var runs: UInt64 = 200

    let name = "burst"
    let summary = "92 requests in 31 s on 12 equal sites whose reports take 5 to 10 s (Jicofo: 58 on one)"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var spreads: [Double] = []
        var (asked, refusals, troubled, unplaced) = (0, 0, 0, 0)
        for seed in 0..<self.runs {
            var generator = SeededGenerator(seed: seed)
            let drill = try BurstDrill(using: &generator)
            asked = max(asked, drill.asked.max() ?? 0)
            refusals += drill.refusals
            troubled += drill.refusals > 0 ? 1 : 0
            unplaced += drill.unplaced
            generator = SeededGenerator(seed: seed)
            spreads.append(try BurstDrill(room: BurstDrill.requests, using: &generator).spread)
        }
        return [
            Measurement(
                "most asked of one site, whose cap is \(BurstDrill.cap)", Double(asked),
                goal: .atMost(Double(BurstDrill.cap))),
            Measurement("refused because full in \(self.runs) runs", Double(refusals)),
            Measurement("runs with such a refusal", Double(troubled)),
            Measurement("replicas without a site in \(self.runs) runs", Double(unplaced)),
            Measurement("no cap: most on one site over the mean, median", spreads.quantile(0.5)),
            Measurement(
                "no cap: most on one site over the mean, worst", spreads.max() ?? 0, goal: .atMost(1.5)),
        ]
    }
}
