import Foundation
import TestSupport
import Testing

@testable import Benchmarks

@Suite("What benchmarks print")
struct ReportTests {
    @Test("A goal is met at its bound and missed beyond")
    func bounds() {
        #expect(Goal.atMost(1.01).isMet(by: 1.01) && !Goal.atMost(1.01).isMet(by: 1.011))
        #expect(Goal.atLeast(2_000).isMet(by: 2_000) && !Goal.atLeast(2_000).isMet(by: 1_999))
        #expect(!Goal.atMost(1).isMet(by: .nan) && !Goal.atLeast(1).isMet(by: .nan))
    }

    @Test("The table of goals has what has a goal, what was reached, and the command")
    func goals() {
        let report = BenchmarkReport(
            name: "decisions", summary: "",
            measurements: [
                Measurement("a", 6_900.4, unit: "1/s", goal: .atLeast(2_000)),
                Measurement("b", 1.0112, goal: .atMost(1.01)), Measurement("c", 3),
            ])
        #expect(
            BenchmarkReport.goals([report], options: ["--sites", "5000"]) == """
                | measure | goal | reached | command |
                | --- | --- | --- | --- |
                | a | ≥ 2000 1/s | 6900 1/s, met | `Benchmarks decisions --sites 5000` |
                | b | ≤ 1.0100 | 1.0112, missed | `Benchmarks decisions --sites 5000` |
                """)
    }

    @Test("The picture of growth has a point for each measurement, higher for what takes longer")
    func picture() throws {
        var picture = GrowthPicture()
        picture.decisions = [(100, 1e-5), (10_000, 1e-4)]
        picture.plans = [(100, 1e-3)]
        let svg = try picture.svg()
        #expect(svg.contains("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 720 440'"))
        // Ten microseconds are at the bottom, a hundred a sixth of the way up.
        #expect(svg.contains("<circle cx='80.0' cy='380.0'"))
        #expect(svg.contains("<circle cx='486.7' cy='325.0'"))
        #expect(svg.contains("<circle cx='80.0' cy='270.0'"))
        #expect(svg.components(separatedBy: "<circle").count == 4)
    }

    @Test("The tables that are kept here say all about every region")
    func tables() throws {
        let folder = RepositoryFolder.root.appending(path: "Sources/Benchmarks/Data").path
        let regions = try ValueTable(path: folder + "/regions.csv")
        let names = try (0..<regions.count).map { try regions.text("region", ofRow: $0) }
        let ways = Dictionary(uniqueKeysWithValues: names.map { ($0, 1.0) })
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
        let table = Dictionary(uniqueKeysWithValues: names.map { ($0, ways) })
        try JSONEncoder().encode(table).write(to: file)
        let tables = try RegionTables(folder: folder, roundTrips: file.path)
        #expect(tables.regions.count == 21 && tables.watts.count == 11)
        #expect(tables.regions.allSatisfy { $0.prices.count == 16 && $0.prices.allSatisfy { $0 > 0 } })
        #expect(throws: BenchmarkFailure.self) { try RegionTables(folder: folder, roundTrips: nil) }
        #expect(throws: BenchmarkFailure.self) {
            try RegionTables(folder: folder, roundTrips: file.path + "x")
        }
        try FileManager.default.removeItem(at: file)
    }
}
