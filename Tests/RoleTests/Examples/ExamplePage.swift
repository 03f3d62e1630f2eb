import TestSupport

/// The fenced blocks of a page of the documentation, in order.
struct ExamplePage {
    struct Block {
        let language: String
        let line: Int
        let text: String
    }

    let blocks: [Block]

    init(_ path: String) throws {
        let page = try RepositoryFolder.text(of: path)
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

    /// Requests with their answers: a block and the one after it; a message, which nobody asks for, stands alone.
    var exchanges: [(request: Block, answer: Block?)] {
        var rest = self.blocks[...]
        var exchanges: [(request: Block, answer: Block?)] = []
        while let block = rest.popFirst() {
            exchanges.append((block, block.text.hasPrefix("<message") ? nil : rest.popFirst()))
        }
        return exchanges
    }
}
