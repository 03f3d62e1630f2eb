import TestRandomness

/// The burst of `BurstDrill`, many times over.
struct BurstBenchmark: Benchmark {
    var runs: UInt64 = 200

    let name = "burst"
    let summary = "92 requests in 31 s on 12 equal sites whose reports are 5 to 10 s old (Jicofo: 58 on one)"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var spreads: [Double] = []
        var (most, refusals, unplaced) = (0, 0, 0)
        for seed in 0..<self.runs {
            var generator = SeededGenerator(seed: seed)
            let drill = try BurstDrill(using: &generator)
            spreads.append(drill.spread)
            most = max(most, drill.counts.max() ?? 0)
            refusals += drill.refusals
            unplaced += drill.unplaced
        }
        return [
            Measurement("most on one site over the mean, median", spreads.quantile(0.5)),
            Measurement("most on one site over the mean, worst", spreads.max() ?? 0, goal: .atMost(1.5)),
            Measurement(
                "most on one site, whose cap is \(BurstDrill.cap)", Double(most),
                goal: .atMost(Double(BurstDrill.cap))),
            Measurement("refusals in \(self.runs) runs", Double(refusals)),
            Measurement("replicas without a site in \(self.runs) runs", Double(unplaced)),
        ]
    }
}
