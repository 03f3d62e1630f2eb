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
                let row = "  \(name)  \(Self.text(of: measurement.value)) \(measurement.unit)"
                return measurement.goal.map {
                    row + "  (\(Self.text(of: $0)): \(Self.word(measurement, $0)))"
                } ?? row
            }
            return (["\(report.name): \(report.summary)"] + rows).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// What has a goal, with the goal and the command that measures it: for a page of documentation.
    ///
    /// `options` are those that were given, without which some benchmarks do not run.
    static func goals(_ reports: [BenchmarkReport], options: [String]) -> String {
        var rows = ["| measure | goal | reached | command |", "| --- | --- | --- | --- |"]
        for report in reports {
            let command = (["Benchmarks", report.name] + options).joined(separator: " ")
            for measurement in report.measurements {
                guard let goal = measurement.goal else { continue }
                let unit = measurement.unit.isEmpty ? "" : " \(measurement.unit)"
                rows.append(
                    "| \(measurement.name) | \(Self.text(of: goal))\(unit) "
                        + "| \(Self.digits(of: measurement.value))\(unit), \(Self.word(measurement, goal)) "
                        + "| `\(command)` |")
            }
        }
        return rows.joined(separator: "\n")
    }

    private static func word(_ measurement: Measurement, _ goal: Goal) -> String {
        goal.isMet(by: measurement.value) ? "met" : "missed"
    }

    private static func text(of goal: Goal) -> String {
        switch goal.side {
        case .atMost: "≤ \(self.digits(of: goal.bound))"
        case .atLeast: "≥ \(self.digits(of: goal.bound))"
        }
    }

    private static func text(of value: Double) -> String {
        let digits = self.digits(of: value)
        return String(repeating: " ", count: max(0, 12 - digits.count)) + digits
    }

    /// Whole above a hundred, with four digits after the point below ten.
    private static func digits(of value: Double) -> String {
        if value == value.rounded() { return String(format: "%.0f", value) }
        return String(
            format: value.magnitude >= 100 ? "%.0f" : value.magnitude >= 10 ? "%.2f" : "%.4f", value)
    }
}
