import Foundation
import Testing

/// A request or an answer as the page writes it.
struct ExampleMessage {
    let first: String
    let headers: [(name: String, value: String)]
    let body: String

    init(_ text: String) throws {
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = try #require(parts.first).split(separator: "\n")
        self.first = String(try #require(lines.first))
        self.headers = try lines.dropFirst().map { line in
            let colon = try #require(line.firstIndex(of: ":"))
            return (
                String(line[..<colon]),
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            )
        }
        self.body = parts.count > 1 ? String(parts[1]) : ""
    }
}
