/// Finds the code in Swift source: comments and string literals become spaces, line numbers stay.
///
/// So a rule about code never stumbles over a word in a comment. Code inside string interpolations counts as string.
struct SwiftScanner {
    private let source: [UInt8]
    private var code: [UInt8]
    private var index = 0

    private init(_ source: String) {
        self.source = Array(source.utf8)
        self.code = self.source
    }

    /// The lines of `source` without comments and string literals.
    static func codeLines(of source: String) -> [String] {
        var scanner = SwiftScanner(source)
        scanner.scan()
        return String(decoding: scanner.code, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private mutating func scan() {
        while self.index < self.source.count {
            switch self.source[self.index] {
            case UInt8(ascii: "/") where self.starts(with: "//"): self.blankLine()
            case UInt8(ascii: "/") where self.starts(with: "/*"): self.blankBlockComment()
            case UInt8(ascii: "\""), UInt8(ascii: "#"): if !self.blankString() { self.index += 1 }
            case _: self.index += 1
            }
        }
    }

    private mutating func blankLine() {
        while self.index < self.source.count, self.source[self.index] != UInt8(ascii: "\n") { self.blank(1) }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if self.starts(with: "/*") {
                depth += 1
                self.blank(2)
            } else if self.starts(with: "*/") {
                depth -= 1
                self.blank(2)
            } else {
                self.blank(1)
            }
        } while depth > 0 && self.index < self.source.count
    }

    /// Blanks the string literal that begins here, raw and multi-line ones included; false if none does.
    private mutating func blankString() -> Bool {
        let hashes = self.source[self.index...].prefix { $0 == UInt8(ascii: "#") }.count
        let marks = String(repeating: "#", count: hashes)
        let quote = self.starts(with: marks + "\"\"\"") ? "\"\"\"" : "\""
        guard self.starts(with: marks + quote) else { return false }
        self.blank(hashes + quote.utf8.count)
        while self.index < self.source.count, !self.starts(with: quote + marks) {
            if self.starts(with: "\\" + marks + "(") {
                self.blank(2 + hashes)
                self.blankInterpolation()
            } else if self.starts(with: "\\" + marks) {
                self.blank(2 + hashes)
            } else {
                self.blank(1)
            }
        }
        self.blank(quote.utf8.count + hashes)
        return true
    }

    private mutating func blankInterpolation() {
        var depth = 1
        while depth > 0, self.index < self.source.count {
            if self.blankString() { continue }
            switch self.source[self.index] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case _: break
            }
            self.blank(1)
        }
    }

    private func starts(with text: String) -> Bool {
        self.source[self.index...].starts(with: text.utf8)
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where self.index < self.source.count {
            if self.source[self.index] != UInt8(ascii: "\n") { self.code[self.index] = UInt8(ascii: " ") }
            self.index += 1
        }
    }
}
