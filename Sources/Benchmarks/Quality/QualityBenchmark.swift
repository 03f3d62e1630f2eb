import CloudModel
import Foundation
import TestRandomness

/// How much more than it could the sum of all choices costs, where each is made when it is asked for.
struct QualityBenchmark: Benchmark {
    private struct Case {
        let label: String
        let demand: QualityDrill.Demand
    }

    /// What a solver found out about an instance.
    struct Optimum: Decodable {
        /// What our choice costs, added up anew.
        let chosen: Double
        let optimum: Double
        /// Replicas that would have to be elsewhere.
        let moves: Int
    }

    /// Where the instances are kept, so that they can be solved again.
    private static let folder = ".build/quality"

    let name = "quality"
    let summary =
        "cost of 10,000 replicas placed as they are asked for on 1,000 sites, nine tenths full, over the least "
        + "possible (minimum-cost flow by OR-tools); real round trips, prices and carbon"

    func lacks(_ settings: BenchmarkSettings) -> String? {
        settings.regionRoundTrips == nil ? RegionTables.missing : nil
    }

    func run(_ settings: BenchmarkSettings) async throws -> [Measurement] {
        let tables = try RegionTables(folder: settings.tables, roundTrips: settings.regionRoundTrips)
        try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
        var measurements: [Measurement] = []
        for (number, one) in Self.cases(tables).enumerated() {
            var generator = SeededGenerator(seed: 1)
            var size = QualityDrill.Size()
            size.replicas = settings.replicas
            size.sites = settings.replicas / 10
            let drill = try QualityDrill(one.demand, size: size, tables: tables, using: &generator)
            let optimum = try await Self.solve(drill.instance, number: number, settings)
            measurements += Self.measurements(of: one.label, optimum, replicas: size.replicas)
        }
        return measurements
    }

    /// What is told of one kind of demand: the goal is the same for each, also where it is far away.
    static func measurements(of label: String, _ optimum: Optimum, replicas: Int) -> [Measurement] {
        [
            Measurement(
                "\(label): cost over the least", optimum.chosen / optimum.optimum, goal: .atMost(1.01)),
            Measurement("\(label): cost of one replica", optimum.chosen / Double(replicas)),
            Measurement("\(label): replicas elsewhere in the optimum", Double(optimum.moves)),
        ]
    }

    /// Demand as the sites are, and far from it; one kind of request, and four that want different things.
    private static func cases(_ tables: RegionTables) -> [Case] {
        let plain = QualityDrill.Kind(
            objectives: Objectives(latency: 1, price: 100, carbon: 2, load: 0, room: 0))
        let usual = QualityDrill.Kind(objectives: Objectives(latency: 1, price: 100, carbon: 2))
        let mixed = [
            QualityDrill.Kind(objectives: Objectives(latency: 1, load: 0, room: 0)),
            QualityDrill.Kind(objectives: Objectives(latency: 1, price: 100, load: 0, room: 0)),
            plain,
            QualityDrill.Kind(
                objectives: Objectives(latency: 1, price: 100, carbon: 1, load: 0, room: 0), target: 50),
        ]
        let zipf = [Double].zipf(tables.regions.count)
        return [
            Case(label: "even demand", demand: .init(kinds: [plain])),
            Case(label: "even demand, load and room weighed as usual", demand: .init(kinds: [usual])),
            Case(label: "demand by Zipf's law", demand: .init(weights: zipf, kinds: [plain])),
            Case(
                label: "demand by Zipf's law, load and room weighed as usual",
                demand: .init(weights: zipf, kinds: [usual])),
            Case(label: "even demand, four kinds of requests", demand: .init(kinds: mixed)),
        ]
    }

    private static func solve(
        _ instance: QualityInstance, number: Int, _ settings: BenchmarkSettings
    ) async throws -> Optimum {
        let (problem, answer) = ("\(Self.folder)/\(number).json", "\(Self.folder)/\(number).answer.json")
        try JSONEncoder().encode(instance).write(to: URL(fileURLWithPath: problem))
        try await ChildProcess.run(settings.optimum, [problem, answer], log: "\(Self.folder)/\(number).log")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: answer))
        let optimum = try JSONDecoder().decode(Optimum.self, from: bytes)
        guard abs(optimum.chosen - instance.cost) <= 1e-9 * instance.cost else {
            throw BenchmarkFailure(
                "the solver counts \(optimum.chosen) for what was chosen, not \(instance.cost): see \(problem)"
            )
        }
        return optimum
    }
}
