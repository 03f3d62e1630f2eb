import Foundation
import Testing

/// The conformance page says which test holds which rule; here is seen to it that the tests are there.
@Suite("The conformance page")
struct ConformanceTests {
    static let page = "Sources/XMPPServer/XMPPServer.docc/Conformance.md"

    @Test("Each line of the tables names a test that there is")
    func testsExist() throws {
        let data = try #require(
            FileManager.default.contents(atPath: Repository.root.appending(path: Self.page).path()))
        let rows = Self.rows(of: String(decoding: data, as: UTF8.self))
        #expect(rows.count > 50)
        let tests = Repository.tests.map { $0.lines.joined(separator: "\n") }
        for (line, names) in rows {
            #expect(!names.isEmpty, "\(Self.page):\(line): name a test in backticks in the last column")
            for name in names where !tests.contains(where: { Self.has($0, test: name) }) {
                Issue.record("\(Self.page):\(line): there is no test “\(name)”")
            }
        }
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
