import CloudModel
import Foundation

/// Real regions: where they are, how far apart in time, what a processor costs there and what it emits.
struct RegionTables: Sendable {
    struct Region: Sendable {
        let name: String
        let country: String
        let position: Position
        /// What a processor and hour costs in dollars, by the size of the machine that it is part of.
        let prices: [Double]
        let gramsPerKilowattHour: Double
    }

    let regions: [Region]
    /// What a processor draws at half load, in watts, by its make.
    let watts: [Double]
    /// Milliseconds from the region of the row to that of the column, as the first measured them.
    let roundTrips: [[Double]]

    init(regions: [Region], watts: [Double], roundTrips: [[Double]]) {
        self.regions = regions
        self.watts = watts
        self.roundTrips = roundTrips
    }

    /// Reads the tables of `folder`, and the round trips between the regions from the file that was named for them.
    init(folder: String, roundTrips path: String?) throws {
        guard let path else { throw BenchmarkFailure(Self.missing) }
        let prices = try Self.prices(ValueTable(path: folder + "/azure-prices.csv"))
        let grid = try ValueTable(path: folder + "/aws-grid-emissions.csv")
        var grams: [String: Double] = [:]
        for row in 0..<grid.count {
            grams[try grid.text("region", ofRow: row)] = try grid.number(
                "grams_per_kilowatt_hour", ofRow: row)
        }
        let makes = try ValueTable(path: folder + "/processor-watts.csv")
        let table = try ValueTable(path: folder + "/regions.csv")
        let regions = try (0..<table.count).map { row in
            let name = try table.text("region", ofRow: row)
            let position = Position(
                latitude: try table.number("latitude", ofRow: row),
                longitude: try table.number("longitude", ofRow: row))
            guard let position, let gramsThere = grams[name],
                let pricesThere = prices[try table.text("priced_as", ofRow: row)]
            else { throw BenchmarkFailure("the tables in \(folder) do not say all about \(name)") }
            return Region(
                name: name, country: try table.text("country", ofRow: row), position: position,
                prices: pricesThere, gramsPerKilowattHour: gramsThere)
        }
        self.init(
            regions: regions,
            watts: try (0..<makes.count).map { row in
                let least = try makes.number("least_watts_per_vcpu", ofRow: row)
                return (least + (try makes.number("most_watts_per_vcpu", ofRow: row))) / 2
            },
            roundTrips: try Self.roundTrips(path, between: regions.map(\.name)))
    }

    /// What to say where the round trips are not given.
    static let missing =
        "give the round trips between AWS regions with --region-round-trips FILE: "
        + "Sources/Benchmarks/Data/README.md says where they are from"

    private static func prices(_ table: ValueTable) throws -> [String: [Double]] {
        var prices: [String: [Double]] = [:]
        for row in 0..<table.count {
            let price = try table.number("usd_per_hour", ofRow: row)
            prices[try table.text("region", ofRow: row), default: []].append(
                price / (try table.number("vcpus", ofRow: row)))
        }
        return prices
    }

    private static func roundTrips(_ path: String, between names: [String]) throws -> [[Double]] {
        let table: [String: [String: Double]]
        do {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            table = try JSONDecoder().decode([String: [String: Double]].self, from: bytes)
        } catch {
            throw BenchmarkFailure("\(path) is no table of round trips by region: \(error)")
        }
        return try names.map { from in
            try names.map { to in
                guard let milliseconds = table[from]?[to] else {
                    throw BenchmarkFailure("\(path) says nothing about the way from \(from) to \(to)")
                }
                return milliseconds
            }
        }
    }
}
