import Foundation
import Testing

/// Pages that name the test which shows what they say: a name without a test would be a promise.
@Suite("Tests that pages name")
struct NamedTestsTests {
    private static let pages = [
        "Sources/XMPPServer/XMPPServer.docc/ThreatModel.md", "Sources/Placement/Placement.docc/BadInput.md",
    ]

    @Test("Every test that such a page names is there", arguments: Self.pages)
    func names(path: String) throws {
        let text = try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)
        let functions = Self.functions
        var suite = ""
        var count = 0
        for match in text.matches(of: /`(\w*)\.?(\w*)`/) {
            let (type, function) = (String(match.1), String(match.2))
            if type.hasSuffix("Tests"), functions[type] == nil {
                Issue.record("\(path) names \(type), which is no suite")
            }
            if type.hasSuffix("Tests") { suite = type }
            // `.name` goes on with the suite before it; what else is in code is no test.
            guard !function.isEmpty, type.isEmpty || type.hasSuffix("Tests") else { continue }
            count += 1
            if functions[suite]?.contains(function) != true {
                Issue.record("\(path) names \(suite).\(function), which is no test")
            }
        }
        #expect(count > 20)
    }

    /// The tests of each suite; found once, as it takes long.
    private static let functions: [String: Set<String>] = {
        var found: [String: Set<String>] = [:]
        for file in Repository.tests {
            let names = file.code.compactMap { line in
                line.firstMatch(of: /\bfunc (\w+)\(/).map { String($0.1) }
            }
            for line in file.code {
                guard let type = line.firstMatch(of: /\bstruct (\w+Tests)\b/) else { continue }
                found[String(type.1), default: []].formUnion(names)
            }
        }
        return found
    }()
}
