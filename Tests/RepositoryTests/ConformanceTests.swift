import Foundation
import Testing

/// The conformance page says which test holds which rule; here is seen to it that the tests are there.
@Suite("The conformance page")
struct ConformanceTests {
    static let page = "Sources/XMPPServer/XMPPServer.docc/Conformance.md"

    @Test("Each line of the tables names a test that there is")
    func testsExist() throws {
        let rows = Self.rows(of: try Self.text(of: Self.page))
        #expect(rows.count > 50)
        let tests = Repository.tests.map { $0.lines.joined(separator: "\n") }
        for (line, names) in rows {
            #expect(!names.isEmpty, "\(Self.page):\(line): name a test in backticks in the last column")
            for name in names where !tests.contains(where: { Self.has($0, test: name) }) {
                Issue.record("\(Self.page):\(line): there is no test “\(name)”")
            }
        }
    }

    @Test("Each test named by a section of an RFC or XEP is on the page")
    func testsAreListed() throws {
        let page = try Self.text(of: Self.page)
        let listed = Set(Self.rows(of: page).flatMap(\.names))
        var count = 0
        // The rules of the repository itself are tried on examples.
        for file in Repository.tests where file.target != "RepositoryTests" {
            for name in Self.titles(in: file.lines.joined(separator: "\n")) {
                count += 1
                if !listed.contains(name) { Issue.record("\(file.path): “\(name)” is not on \(Self.page)") }
            }
        }
        #expect(count > 300)
    }

    @Test("Each specification that doc/tradewind.doap claims has a test on the page that names it")
    func claimsAreTested() throws {
        let claims = try Self.text(of: "doc/tradewind.doap")
            .matches(of: /rdf:resource='[^']*\/(rfc|xep-)(\d{4})\.html'/)
            .map { ($0.1 == "rfc" ? "RFC " : "XEP-") + $0.2 }
        let listed = Self.rows(of: try Self.text(of: Self.page)).flatMap(\.names)
        #expect(claims.count > 50)
        for claim in claims where !listed.contains(where: { $0.contains(claim) }) {
            Issue.record("doc/tradewind.doap claims \(claim), and no test on \(Self.page) is named by it")
        }
    }

    @Test("Titles that begin with a specification are found, whether on a line of their own or not")
    func titleExamples() {
        let source = """
            @Test("RFC 1 §2: a")
            @Test(
                "XEP-0004: b", arguments: [])
            @Test("A name of no section")
            let text = "RFC 1: no test"
            """
        #expect(Self.titles(in: source) == ["RFC 1 §2: a", "XEP-0004: b"])
    }

    /// What tests are called whose names begin with an RFC or XEP.
    private static func titles(in source: String) -> [String] {
        source.matches(of: /@Test\(\s*"((?:RFC \d|XEP-\d)[^"]*)"/).map { String($0.1) }
    }

    private static func text(of path: String) throws -> String {
        try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)
    }

    @Test("Tests are found by what they are called, and rows by their bars")
    func examples() {
        let page = """
            | rule | test |
            | --- | --- |
            | one | `A name` |
            | two, `x` | `function`, `A name` |
            no row
            """
        #expect(Self.rows(of: page).map(\.names) == [["A name"], ["function", "A name"]])
        #expect(Self.has("@Test(\"A name\", arguments: x)", test: "A name"))
        #expect(Self.has("@Test(\n    \"A name\",", test: "A name"))
        #expect(Self.has("@Test func function() {", test: "function"))
        #expect(!Self.has("func function() {", test: "functio"))
    }

    /// The tests named in the last column of each row, with the row's line.
    private static func rows(of page: String) -> [(line: Int, names: [String])] {
        var rows: [(line: Int, names: [String])] = []
        var isInTable = false
        for (index, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.hasPrefix("|") else {
                isInTable = false
                continue
            }
            if line.hasPrefix("| ---") {
                isInTable = true
            } else if isInTable {
                let cells = line.split(separator: "|").filter { !$0.allSatisfy(\.isWhitespace) }
                let names = (cells.last ?? "").split(separator: "`", omittingEmptySubsequences: false)
                rows.append(
                    (index + 1, names.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }))
            }
        }
        return rows
    }

    private static func has(_ source: String, test name: String) -> Bool {
        source.contains("\"\(name)\"") || source.contains("func \(name)(")
    }
}
