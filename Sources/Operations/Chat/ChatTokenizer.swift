/// Cuts a chat line into words: parted by white space, kept together by quotes.
package enum ChatTokenizer {
    /// One word, or `key=value`.
    package struct Token: Hashable, Sendable {
        /// The part before the first `=` outside quotes, if it can be a parameter's name.
        package let key: String?
        package let text: String

        package init(key: String? = nil, _ text: String) {
            self.key = key
            self.text = text
        }
    }

    /// The longest line that is read, in characters.
    package static let lineLimit = 4_096

    /// Quotes that phones put in place of `"` count as such.
    package static func tokens(of line: String) throws(OperationError) -> [Token] {
        guard line.count <= Self.lineLimit else {
            throw OperationError(
                .tooLarge, "a command has at most \(Self.lineLimit) characters; this one has \(line.count)")
        }
        var tokens: [Token] = []
        var word: Word?
        var closing: Set<Character>?
        var isEscaped = false
        for character in line {
            if isEscaped {
                word = (word ?? Word()).appending(character)
                isEscaped = false
            } else if let marks = closing {
                if marks.contains(character) {
                    closing = nil
                } else if character == "\\" {
                    isEscaped = true
                } else {
                    word = (word ?? Word()).appending(character)
                }
            } else if let marks = Self.closingMarks(for: character) {
                closing = marks
                word = word ?? Word()
            } else if character.isWhitespace {
                if let word { tokens.append(word.token) }
                word = nil
            } else if character == "=", var started = word, started.key == nil, Self.isKey(started.text) {
                started.key = started.text.lowercased()
                started.text = ""
                word = started
            } else {
                word = (word ?? Word()).appending(character)
            }
        }
        guard closing == nil, !isEscaped else {
            throw OperationError(.badRequest, "a quote is not closed", next: "add the closing \"")
        }
        if let word { tokens.append(word.token) }
        return tokens
    }

    private struct Word {
        var key: String?
        var text = ""

        func appending(_ character: Character) -> Self {
            var word = self
            word.text.append(character)
            return word
        }

        var token: Token { Token(key: self.key, self.text) }
    }

    private static func closingMarks(for character: Character) -> Set<Character>? {
        switch character {
        case "\"", "“", "”", "„": ["\"", "“", "”"]
        case "'": ["'"]
        default: nil
        }
    }

    private static func isKey(_ text: String) -> Bool {
        !text.isEmpty
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
}
