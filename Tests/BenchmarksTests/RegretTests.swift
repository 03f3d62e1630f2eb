import CloudModel
import TestRandomness
import Testing

@testable import Benchmarks

@Suite("Regret of predicted round trips")
struct RegretTests {
    private static func regrets(
        _ audience: CountryAudiences.Shares, sites: [Int], _ knowledge: RegretDrill.Knowledge,
        _ tables: RegionTables
    ) throws -> [Double] {
        var generator = SeededGenerator(seed: 1)
        return try RegretDrill(
            [audience], sites: sites, knowledge: knowledge, tables: tables, using: &generator
        ).regrets
    }

    @Test("Where every way is as long as its distance says, nothing is lost", arguments: 0 as UInt64..<50)
    func exact(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tables = TableSample.tables(
            longitudes: (0..<8).map { _ in Double.random(in: -180...180, using: &generator) })
        let audience = CountryAudiences.Shares(country: "C", regions: [(6, 0.3), (7, 0.7)])
        for knowledge in [RegretDrill.Knowledge.told, .distance] {
            let regrets = try Self.regrets(audience, sites: Array(0..<7), knowledge, tables)
            #expect(regrets.count == 1 && regrets.allSatisfy { $0 < 1e-3 })
        }
    }

    @Test("A way that is slower than its distance says is avoided by those who were told, and by nobody else")
    func slow() throws {
        // Users at both ends, more of them at one: by the distance alone that end is best, and not the middle.
        let tables = TableSample.tables(longitudes: [0, 20, 40])
        var roundTrips = tables.roundTrips
        (roundTrips[0][2], roundTrips[2][0]) = (140, 140)
        for end in [0, 2] { (roundTrips[1][end], roundTrips[end][1]) = (42, 42) }
        let slow = RegionTables(regions: tables.regions, watts: tables.watts, roundTrips: roundTrips)
        let audience = CountryAudiences.Shares(country: "C", regions: [(0, 0.6), (2, 0.4)])
        #expect(try Self.regrets(audience, sites: [0, 1, 2], .told, slow).allSatisfy { $0 < 1e-6 })
        #expect(try Self.regrets(audience, sites: [0, 1, 2], .distance, slow).allSatisfy { $0 > 0.3 })
    }

    @Test("The goals are the same for all kinds of users")
    func goals() {
        let rows = RegretBenchmark.measurements(of: "any", [0, 0.1, 0.3])
        #expect(rows.map(\.goal) == [.atMost(0.05), .atMost(0.2), nil])
        #expect(rows.map(\.value) == [0.1, 0.3, 0.3])
    }

    @Test("Whom a country talks with: in proportion to the pings, each country's share over its regions")
    func audiences() throws {
        let sample = TableSample.tables(longitudes: [0, 10, 20]).regions
        let regions = zip(sample, ["US", "US", "DE"]).map { region, country in
            RegionTables.Region(
                name: region.name, country: country, position: region.position, prices: region.prices,
                gramsPerKilowattHour: region.gramsPerKilowattHour)
        }
        let audiences = CountryAudiences(
            pings: [("DE", "US", 300), ("AT", "DE", 100), ("AT", "CH", 900), ("DE", "DE", 100)],
            tables: RegionTables(regions: regions, watts: [], roundTrips: []))
        #expect(audiences.mixed.map(\.country) == ["AT", "DE", "US"])
        #expect(audiences.mixed[0].regions.map(\.number) == [2])
        #expect(audiences.mixed[1].regions.map(\.number) == [2, 0, 1])
        #expect(audiences.mixed[1].regions.map(\.share) == [0.25, 0.375, 0.375])
        #expect(audiences.single.map(\.country) == ["DE", "US"])
        #expect(audiences.single[1].regions.map(\.share) == [0.5, 0.5])
    }
}
