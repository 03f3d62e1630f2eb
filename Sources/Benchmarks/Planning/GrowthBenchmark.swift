import CloudModel
import Foundation
import Placement

/// How the time for one decision grows with the number of sites: chosen by the index, and explained by the planner.
struct GrowthBenchmark: Benchmark {
    private static let sizes = [100, 1_000, 5_000, 20_000]
    private static let plans = 3

    let name = "growth"
    let summary = "time for one decision with its claim, and for one explained plan, by sites"

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        guard let workload = DrillWorkload.id else { return [] }
        var measurements: [Measurement] = []
        var picture = GrowthPicture()
        for size in Self.sizes {
            let sites = DecisionBenchmark.alliance(size, seed: 1)
            let index = SharedIndex(sites, workload: workload)
            for (number, kind) in DecisionBenchmark.kinds.enumerated() {
                _ = try index.place(kind, number: UInt64.max - UInt64(number))
            }
            let decisions = settings.decisions / 2
            let start = ContinuousClock.now
            for number in 0..<decisions {
                let kind = DecisionBenchmark.kinds[number % DecisionBenchmark.kinds.count]
                _ = try index.place(kind, number: UInt64(number))
                // A hundredth of the sites reports in a hundredth of the decisions.
                if number % 10 == 0 { index.report(number / 10 % size) }
            }
            let time = (ContinuousClock.now - start).inSeconds / Double(decisions)
            measurements.append(Measurement("\(size) sites: decision with claim", time * 1e6, unit: "µs"))
            picture.decisions.append((size, time))
            let candidates = sites.map {
                Candidate(description: $0.description, age: .zero, reachability: .reachable)
            }
            let snapshot = PlacementSnapshot(candidates: candidates)
            let explaining = ContinuousClock.now
            for number in 0..<Self.plans {
                _ = try Planner().plan(PlanRequest(DecisionBenchmark.kinds[number]), over: snapshot)
            }
            let plan = (ContinuousClock.now - explaining).inSeconds / Double(Self.plans)
            measurements.append(Measurement("\(size) sites: explained plan", plan * 1e6, unit: "µs"))
            picture.plans.append((size, plan))
        }
        if let path = settings.picture {
            try picture.svg().write(toFile: path, atomically: true, encoding: .utf8)
        }
        guard let first = picture.decisions.first, let last = picture.decisions.last else { return [] }
        let more = Double(last.sites) / Double(first.sites)
        measurements.append(
            Measurement(
                "times as long for a decision with \(Int(more)) times the sites",
                last.seconds / first.seconds,
                goal: .atMost(more)))
        return measurements
    }
}
