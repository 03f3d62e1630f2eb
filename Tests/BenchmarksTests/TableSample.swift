import CloudModel
import Placement

@testable import Benchmarks

/// Regions that were made up, for tests.
enum TableSample {
    /// Regions at those degrees of longitude on the equator, as far apart in time as the latency model says.
    static func tables(longitudes: [Double]) -> RegionTables {
        let positions = longitudes.compactMap { Position(latitude: 0, longitude: $0) }
        let regions = positions.enumerated().map { number, position in
            RegionTables.Region(
                name: "region\(number)", country: "C\(number)", position: position,
                prices: [0.02 + 0.01 * Double(number % 3), 0.05], gramsPerKilowattHour: Double(100 * number))
        }
        return RegionTables(
            regions: regions, watts: [2, 5],
            roundTrips: positions.map { from in
                positions.map { LatencyModel().estimate(kilometres: from.distance(to: $0)) }
            })
    }
}
