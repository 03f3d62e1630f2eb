import Foundation

/// A table of values with commas between them and none inside, whose first line names the columns.
struct ValueTable: Sendable {
    private let path: String
    private let columns: [String: Int]
    private let rows: [[Substring]]

    init(path: String) throws {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw BenchmarkFailure(
                "\(path) cannot be read (\(error.localizedDescription)): "
                    + "Sources/Benchmarks/Data/README.md says where each table is from")
        }
        let lines = text.split(whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        self.path = path
        self.columns = Dictionary(
            (lines.first ?? []).enumerated().map { (String($1), $0) }, uniquingKeysWith: { first, _ in first }
        )
        self.rows = Array(lines.dropFirst())
    }

    var count: Int { self.rows.count }

    func text(_ column: String, ofRow row: Int) throws -> String {
        guard let index = self.columns[column], self.rows[row].indices.contains(index) else {
            throw BenchmarkFailure("\(self.path) has no \(column) in line \(row + 2)")
        }
        return String(self.rows[row][index])
    }

    func number(_ column: String, ofRow row: Int) throws -> Double {
        let text = try self.text(column, ofRow: row)
        guard let number = Double(text), number.isFinite else {
            throw BenchmarkFailure("\(column) in line \(row + 2) of \(self.path) is no number: \(text)")
        }
        return number
    }
}
