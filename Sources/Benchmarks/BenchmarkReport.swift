import Foundation

/// What a benchmark found, for people and for programs.
struct BenchmarkReport: Codable, Sendable {
    let name: String
    let summary: String
    let measurements: [Measurement]

    static func json(_ reports: [BenchmarkReport]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(reports), as: UTF8.self)
    }

    static func table(_ reports: [BenchmarkReport]) -> String {
        let width = reports.flatMap(\.measurements).map(\.name.count).max() ?? 0
        return reports.map { report in
            let rows = report.measurements.map { measurement in
                let name = measurement.name.padding(toLength: width, withPad: " ", startingAt: 0)
                return "  \(name)  \(Self.text(of: measurement.value)) \(measurement.unit)"
            }
            return (["\(report.name): \(report.summary)"] + rows).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    private static func text(of value: Double) -> String {
        let digits = String(format: value.magnitude >= 100 ? "%.0f" : "%.2f", value)
        return String(repeating: " ", count: max(0, 12 - digits.count)) + digits
    }
}
