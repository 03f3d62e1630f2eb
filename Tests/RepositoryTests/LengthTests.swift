import Testing

@Suite("Nothing is too long to be read")
struct LengthTests {
    static let linesPerFile = 500
    static let linesPerFunction = 60
    /// Words of code that is not finished.
    static let promises = ["TODO", "FIXME", "HACK:"]

    @Test("Files have at most 500 lines")
    func files() {
        for file in Repository.sources where file.lines.count > Self.linesPerFile + 1 {
            Issue.record("\(file.path) has \(file.lines.count) lines: split it by subject")
        }
    }

    @Test("Functions have at most 60 lines")
    func functions() {
        Violation.report(Repository.sources.flatMap(Self.longFunctions))
    }

    @Test("Nothing is left to be done later")
    func leftovers() {
        for file in Repository.sources + Repository.tests where !file.path.hasPrefix("Tests/RepositoryTests/")
        {
            for (index, line) in file.lines.enumerated() where Self.promises.contains(where: line.contains) {
                Issue.record(
                    "\(file.path):\(index + 1): do it, or take it out and say so where work is planned")
            }
        }
    }

    @Test("A function is measured from its first word to its last brace", arguments: [(57, 0), (58, 1)])
    func example(statements: Int, violations: Int) {
        let body = String(repeating: "    a(\"}\") // {\n", count: statements)
        let text =
            "protocol P { func a(); var b: Int { get } }\n\nfunc f(a: Int = g({ 1 })) -> Int\n{\n\(body)}\n"
        let file = SourceFile(path: "Sources/A/B.swift", text: text)
        #expect(Self.longFunctions(in: file).count == violations)
    }

    static func longFunctions(in file: SourceFile) -> [Violation] {
        let declaration =
            /^\s*((@\w+(\([^)]*\))?|\w+(\(set\))?)\s+)*(func\s|init[?(<]|deinit\b|subscript[(<])/
        return file.code.indices.compactMap { start in
            guard ["func ", "init", "subscript"].contains(where: file.code[start].contains),
                file.code[start].contains(declaration),
                let end = self.endOfBody(file.code[start...]), end - start + 1 > self.linesPerFunction
            else { return nil }
            return Violation(
                file: file.path, line: start + 1,
                advice: "the function has \(end - start + 1) lines: give its steps names of their own")
        }
    }

    /// The line that closes the body of the declaration on the first line; nil if it has no body.
    private static func endOfBody(_ lines: ArraySlice<String>) -> Int? {
        var brackets = 0
        var braces = 0
        for index in lines.indices {
            if index > lines.startIndex, brackets == 0, braces == 0,
                lines[index].contains(/\b(func|var|let|case)\s/)
            {
                return nil
            }
            for character in lines[index] {
                switch character {
                case "(", "[": brackets += 1
                case ")", "]": brackets -= 1
                case "{" where brackets == 0 || braces > 0: braces += 1
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                case "}" where brackets == 0: return nil
                case _: break
                }
            }
        }
        return nil
    }
}
