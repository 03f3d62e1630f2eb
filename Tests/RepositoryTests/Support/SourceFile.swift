/// One Swift file of the repository.
struct SourceFile: Sendable {
    /// From the repository's root: `Sources/XML/Element.swift`.
    let path: String
    /// As written.
    let lines: [String]
    /// All of `code` in one piece.
    private let text: String
    /// The same lines without comments and string literals.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.code = SwiftScanner.codeLines(of: text)
        self.text = self.code.joined(separator: "\n")
    }

    /// The target it belongs to: the folder below `Sources` or `Tests`.
    var target: String {
        let parts = self.path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    /// A violation for each line of code that matches.
    func violations(of pattern: Regex<Substring>, _ advice: String) -> [Violation] {
        // The default boundaries see one word in `a.b`; and most files hold no match at all.
        let pattern = pattern.wordBoundaryKind(.simple).anchorsMatchLineEndings()
        guard self.text.contains(pattern) else { return [] }
        return self.code.enumerated().compactMap { index, line in
            line.contains(pattern) ? Violation(file: self.path, line: index + 1, advice: advice) : nil
        }
    }
}
