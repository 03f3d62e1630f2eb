import CloudModel
import Placement
import TestRandomness
import Testing

@testable import Benchmarks

@Suite("Drills of placing")
struct DrillTests {
    @Test(
        "A burst between two reports is spread over equal sites (Jicofo: 58 of 92 on one of a dozen)",
        arguments: 0 as UInt64..<20)
    func burst(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let drill = try BurstDrill(using: &generator)
        #expect(drill.unplaced == 0)
        #expect(drill.counts.reduce(0, +) == BurstDrill.requests)
        #expect(drill.counts.allSatisfy { $0 <= BurstDrill.cap })
        #expect(drill.spread <= 1.5)
        // Not only because the sites refuse what is over their cap.
        #expect(drill.refusals == 0 && drill.asked == drill.counts)
        generator = SeededGenerator(seed: seed)
        let open = try BurstDrill(room: BurstDrill.requests, using: &generator)
        #expect(open.refusals == 0 && open.spread <= 1.5)
    }

    @Test("A coordinator that does not count its own grants misses every goal of the burst")
    func uncountedBurst() throws {
        var generator = SeededGenerator(seed: 0)
        let drill = try BurstDrill(countsGrants: false, using: &generator)
        #expect(drill.counts.max() == BurstDrill.cap)
        #expect((drill.asked.max() ?? 0) > BurstDrill.cap)
        #expect(drill.asked.reduce(0, +) == BurstDrill.requests + drill.refusals)
        generator = SeededGenerator(seed: 0)
        let open = try BurstDrill(room: BurstDrill.requests, countsGrants: false, using: &generator)
        #expect(open.spread > 1.5)
    }

    @Test("That no site of a burst is asked for more than its cap is a goal, and told")
    func burstGoals() async throws {
        let settings = BenchmarkSettings(tradewind: "", relay: "")
        let measurements = try await BurstBenchmark(runs: 2).run(settings)
        let row = try #require(measurements.first { $0.goal == .atMost(Double(BurstDrill.cap)) })
        #expect(row.name == "most asked of one site, whose cap is 10" && (8...10).contains(row.value))
        #expect(measurements.contains { $0.goal == .atMost(1.5) })
    }

    @Test("Sixteen coordinators fill two hundred sites with few refusals and short chains")
    func refusals() throws {
        var generator = SeededGenerator(seed: 1)
        let drill = try RefusalDrill(regions: RefusalBenchmark.regions, using: &generator)
        #expect(drill.placed == 9_000 && drill.unplaced == 0)
        #expect(drill.refusalsPerPlacement <= 0.25)
        #expect(drill.worstChain <= 8)
    }
}
