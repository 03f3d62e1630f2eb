import CloudModel
import Placement
import TestRandomness

/// Refusals while several coordinators fill the same sites, as in `RefusalDrill`.
struct RefusalBenchmark: Benchmark {
    private static let runs: UInt64 = 5
    private static let countries = [
        "US", "DE", "JP", "GB", "FR", "IN", "BR", "CA", "AU", "SG", "KR", "ZA", "SE", "ES", "MX", "IE", "IT",
        "CH", "CL", "ID", "AE",
    ]

    let name = "refusals"
    let summary = "refusals per placement, coordinators of stale views filling 200 sites to nine tenths"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        var measurements: [Measurement] = []
        for coordinators in [4, 16, 64] {
            var rates: [Double] = []
            var (worst, unplaced) = (0, 0)
            for seed in 0..<Self.runs {
                var generator = SeededGenerator(seed: seed)
                var size = RefusalDrill.Size()
                size.coordinators = coordinators
                let drill = try RefusalDrill(size, regions: Self.regions, using: &generator)
                rates.append(drill.refusalsPerPlacement)
                worst = max(worst, drill.worstChain)
                unplaced += drill.unplaced
            }
            let isMeasure = coordinators == 16
            measurements += [
                Measurement(
                    "\(coordinators) coordinators: refusals per placement", rates.quantile(0.5),
                    goal: isMeasure ? .atMost(0.25) : nil),
                Measurement(
                    "\(coordinators) coordinators: worst chain", Double(worst),
                    goal: isMeasure ? .atMost(8) : nil),
                Measurement("\(coordinators) coordinators: without a site", Double(unplaced)),
            ]
        }
        return measurements
    }

    static var regions: [Position] { Self.countries.compactMap(Countries.position(of:)) }
}
