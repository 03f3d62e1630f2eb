import Testing

/// A payload's wire form is kept in `Tests/*/Golden/TYPE.xml`, or `TYPE-case.xml` for its variants.
@Suite("Every payload has a golden file")
struct GoldenFileTests {
    @Test("Every payload type has one, and every one its type")
    func pairs() {
        let payloads = Self.payloads(in: Repository.sources)
        let golden = Repository.paths(below: "Tests").filter {
            $0.contains("/Golden/") && $0.hasSuffix(".xml")
        }
        let covered = Set(golden.map(Self.typeName))
        for (name, file) in payloads.sorted(by: { $0.key < $1.key }) where !covered.contains(name) {
            Issue.record(
                "\(file): the payload \(name) has no golden file: add Tests/*/Golden/\(name).xml and test it")
        }
        for path in golden where payloads[Self.typeName(of: path)] == nil {
            Issue.record("\(path) belongs to no payload type: name it after one, or delete it")
        }
    }

    @Test("Payload types are found however they are declared")
    func examples() {
        let text = """
            package struct Ping: Payload {}
            package enum Query: Hashable, Payload, Sendable {}
            extension Model.Machine: Payload {}
            func f<P: Payload>(_ p: P) {}
            struct Holder<P: Payload>: Sendable {}
            // struct Not: Payload {}
            struct Other: PayloadLike {}
            """
        let found = Self.payloads(in: [SourceFile(path: "Sources/A/B.swift", text: text)])
        #expect(found.keys.sorted() == ["Machine", "Ping", "Query"])
    }

    private static func payloads(in files: [SourceFile]) -> [String: String] {
        let declaration = /\b(?:struct|enum|class|extension)\s+(?:\w+\.)*(\w+)\s*:[^{]*\bPayload\b/
        var found: [String: String] = [:]
        for file in files {
            for line in file.code where line.contains("Payload") {
                if let match = line.firstMatch(of: declaration) { found[String(match.1)] = file.path }
            }
        }
        return found
    }

    private static func typeName(of path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.prefix { $0 != "-" && $0 != "." })
    }
}
