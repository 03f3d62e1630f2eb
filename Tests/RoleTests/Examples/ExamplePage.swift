import Foundation
import Testing

/// The fenced blocks of a page of the documentation, in order.
struct ExamplePage {
    struct Block {
        let language: String
        let line: Int
        let text: String
    }

    let blocks: [Block]

    init(_ path: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        var blocks: [Block] = []
        var open: (language: String, line: Int, lines: [Substring])?
        for (number, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.hasPrefix("```") else {
                open?.lines.append(line)
                continue
            }
            if let block = open {
                blocks.append(
                    Block(
                        language: block.language, line: block.line,
                        text: block.lines.joined(separator: "\n")))
                open = nil
            } else {
                open = (String(line.dropFirst(3)), number + 1, [])
            }
        }
        self.blocks = blocks
    }

    /// Requests with their answers: a block and the one after it.
    var pairs: [(request: Block, answer: Block)] {
        stride(from: 0, to: self.blocks.count - 1, by: 2).map { (self.blocks[$0], self.blocks[$0 + 1]) }
    }
}

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
