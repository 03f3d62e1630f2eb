import CloudModel
import Foundation
import Operations
import TestRandomness
import TestSupport
import Testing

@Suite("Documents of applications")
struct ApplicationDocumentTests {
    /// What a part must have, in a form that fits behind its name.
    private static let usual = "image: /a, vcpus: 1, memory: 1 GiB, disk: 1 GiB"

    private func read(_ text: String) throws -> ApplicationSpecification {
        try ApplicationDocument.specification(from: .string(text))
    }

    private func error(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> OperationError? {
        #expect(throws: OperationError.self, sourceLocation: sourceLocation) { try self.read(text) }
    }

    @Test("The sample of the quick start says what it seems to say")
    func sample() throws {
        let text = try RepositoryFolder.text(of: "deploy/shop.yaml")
        let article = try RepositoryFolder.text(of: "Sources/Coordinator/Coordinator.docc/Applications.md")
        #expect(article.contains("```yaml\n\(text)```"))
        let shop = try self.read(text)
        #expect(shop.name == "shop")
        #expect(shop.parts.map(\.name) == ["db", "api", "web"])
        #expect(shop.ordered.map(\.name) == ["db", "api", "web"])
        let db = try #require(shop[part: "db"]).workload
        #expect(db.constraints == [.region(["eu"])])
        #expect(db.resources == Resources(vcpus: 1, memory: Mebibytes(128), disk: Mebibytes(64)))
        #expect(db.image.format == .kernel)
        #expect(db.image.commandLine == "console=ttyS0")
        #expect(db.keeping?.leaseSeconds == 10)
        let api = try #require(shop[part: "api"])
        #expect(api.after == ["db"])
        #expect(api.bounds == [.init(part: "db", milliseconds: 130)])
        #expect(api.workload.audience.shares.map(\.place) == [.country("US")])
    }

    @Test("YAML, JSON as a text and a JSON object say the same")
    func forms() throws {
        let yaml = """
            application: shop
            parts:
              db: {\(Self.usual), countries: [NO], labels: {tier: gold}}
              web: {\(Self.usual), replicas: 2, within: {db: 31 ms}, target: 40 ms, gang: yes}
            """
        let json = """
            {"application": "shop", "parts": {
              "db": {"image": "/a", "vcpus": 1, "memory": 1024, "disk": "1G", "countries": "NO",
                     "labels": ["tier:gold"]},
              "web": {"image": "/a", "vcpus": 1, "memory": "1 GiB", "disk": 1024, "replicas": 2,
                      "within": {"db": 31}, "target": 40, "gang": true}}}
            """
        let shop = try self.read(yaml)
        #expect(try self.read(json) == shop)
        #expect(try ApplicationDocument.specification(from: JSONParser.parse(json)) == shop)
        #expect(
            shop.parts[0].workload.constraints == [.country(["NO"]), .label(name: "tier", value: "gold")])
        #expect(shop.parts[1].workload.replicas == 2)
        #expect(shop.parts[1].workload.gang == true)
        #expect(shop.parts[1].workload.audience.target == 40)
    }

    @Test("Every wish that a workload may have can be written for a part")
    func wishes() throws {
        let place = try #require(Catalogue.operation("workload.place"))
        let others: Set = ["name", "wait", "within"]
        for parameter in place.parameters where !others.contains(parameter.name) {
            let error = self.error(
                "application: a\nparts: {b: {\(parameter.name): {nonsense: [[x]]}}}")
            #expect(error?.message.contains("parts.b.\(parameter.name)") == true, "\(parameter.name)")
        }
    }

    private static let mistaken: [(text: String, message: String, next: String)] = [
        ("application: shop", "the document names no parts", "parts:"),
        ("parts: {}", "the document needs a name", "application: shop"),
        ("application: shop\nparts: {}", "there are 0, 1 to 32 are taken", "write"),
        ("application: Shop\nparts: {a: {}}", "line 1, application: a name has 1 to 20", "choose"),
        ("application: shop\npart: {}", "line 2: there is no “part”", "did you mean parts?"),
        (
            "application: a\nparts:\n  b:\n    memroy: 1G", "line 4, parts.b: there is no “memroy”",
            "memory?"
        ),
        ("application: a\nparts:\n  b: {\(Self.usual), wait: 1}", "there is no “wait”", "it takes"),
        ("application: a\nparts:\n  b:\n    vcpus: 1", "line 4, parts.b: image is missing", "image"),
        (
            "application: a\nparts:\n  b:\n    memory: 2 GX",
            "line 4, parts.b.memory: memory must be a size such as 512M or 2G; “2 GX” is not",
            "memory=SIZE"
        ),
        (
            "application: a\nparts:\n  b: {\(Self.usual), target: 31 GiB}",
            "target must be a time such as 31 ms; “31 GiB” is not", "unit"
        ),
        (
            "application: a\nparts:\n  b: {\(Self.usual), lease: 60 ms}", "lease must be a time such as",
            "unit"
        ),
        ("application: a\nparts:\n  b: {\(Self.usual), replicas: [1]}", "not a list", "one value"),
        ("application: a\nparts:\n  b: {\(Self.usual), replicas: 1001}", "from 1 to 1000", "replicas"),
        ("application: a\nparts:\n  b: {\(Self.usual), memory: }", "is given twice", "once"),
        ("application: a\nparts:\n  b: {image: }", "parts.b.image: has no value", "leave image out"),
        ("application: a\nparts:\n  b: 7", "expected names with values, not “7”", "name: value"),
        ("application: a\nparts:\n  b: {\(Self.usual), after: [c]}", "“c” is no other part", "leave it out"),
        ("application: a\nparts:\n  b: {\(Self.usual), after: b}", "“b” is no other part", "leave it out"),
        (
            "application: a\nparts:\n  db: {\(Self.usual)}\n  b: {\(Self.usual), after: [bd]}",
            "parts.b.after: “bd” is no other part", "did you mean db?"
        ),
        (
            "application: a\nparts:\n  b: {\(Self.usual), after: [c]}\n  c: {\(Self.usual), within: {b: 1 ms}}",
            "b waits for c waits for b, in a circle", "leave out"
        ),
        (
            "application: a\nparts:\n  b: {\(Self.usual)}\n  c: {\(Self.usual), within: {b: fast}}",
            "line 4, parts.c.within.b: must be a time such as 31 ms; “fast” is not", "31 ms"
        ),
        (
            "application: a\nparts:\n  b: {\(Self.usual)}\n  b: {\(Self.usual)}",
            "line 3: “b” is given twice", "once"
        ),
        ("application: a\n\tparts: {}", "line 2", "mend"),
        ("", "the document is empty", "application"),
        ("{\"application\": \"a\",\n \"application\": 1}", "line 2: the document is no JSON", "mend"),
        ("application: a\nparts:\n  ? [x]\n  : {}", "a name must be a text", "name: value"),
        ("application: a\n---\napplication: b", "line 2", "mend"),
        (
            "application: a\ndefaults: {name: x}\nparts: {}", "line 2, defaults: there is no “name”",
            "it takes"
        ),
    ]

    @Test(
        "What is wrong is told with its line and path, and what to write instead",
        arguments: ApplicationDocumentTests.mistaken)
    func mistakes(text: String, message: String, next: String) throws {
        let error = try #require(self.error(text))
        #expect(error.code == .badRequest || error.code == .tooLarge)
        #expect(error.message.contains(message), "\(error.message)")
        #expect(error.next?.contains(next) == true, "\(error.next ?? "")")
    }

    @Test(
        "Anchors are refused before anything is made of them",
        arguments: [
            "a: &a [x]\nb: [*a]", "a: [&a x]", "? &a b\n: c", "a:\n- &a-1\n", "a: {&_x b: c}", "a: \"&b\"",
        ])
    func anchors(text: String) {
        #expect(self.error(text)?.message.contains("anchors and aliases") == true)
    }

    @Test("An aliases bomb costs nothing")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...60 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(self.error(text)?.message.hasPrefix("line 1: anchors") == true)
    }

    @Test("A sign inside a word is no anchor", arguments: ["/a?x=1&y=2", "/r&d", "'a & b'"])
    func signs(image: String) throws {
        let text = "application: a\nparts: {b: {vcpus: 1, memory: 1G, disk: 1G, format: kernel, image: /k, "
        _ = try self.read(text + "command-line: \(image)}}")
    }

    @Test("The limits hold at their edges")
    func limits() throws {
        func padded(to bytes: Int) -> String {
            let text = "application: a\nparts: {b: {\(Self.usual)}}\n#"
            return text + String(repeating: "x", count: bytes - text.utf8.count)
        }
        _ = try self.read(padded(to: DocumentLimits.bytes))
        #expect(self.error(padded(to: DocumentLimits.bytes + 1))?.code == .tooLarge)

        func parts(_ count: Int) -> String {
            "application: a\nparts:\n" + (0..<count).map { "  b\($0): {\(Self.usual)}\n" }.joined()
        }
        #expect(try self.read(parts(ApplicationSpecification.partLimit)).parts.count == 32)
        #expect(self.error(parts(ApplicationSpecification.partLimit + 1))?.message.contains("33") == true)

        // The document itself is a level, and what is in the innermost list another.
        func nested(_ levels: Int) -> String {
            "a: " + String(repeating: "[", count: levels - 2) + "x"
                + String(repeating: "]", count: levels - 2)
        }
        #expect(self.error(nested(DocumentLimits.depth))?.message.contains("there is no “a”") == true)
        #expect(self.error(nested(DocumentLimits.depth + 1))?.message.contains("8 levels") == true)
        #expect(self.error(nested(30_000)) != nil)
        let braces = String(repeating: "{\"a\":", count: 10) + "1" + String(repeating: "}", count: 10)
        #expect(self.error(braces)?.message.contains("8 levels") == true)

        let name = String(repeating: "n", count: ApplicationSpecification.nameMax)
        #expect(
            try self.read("application: \(name)\nparts: {\(name): {\(Self.usual)}}").parts[0].name == name)
        #expect(self.error("application: a\nparts: {\(name)n: {\(Self.usual)}}") != nil)
    }

    @Test("Whatever the bytes, there is an answer", arguments: 0 as UInt64..<200)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "application", "parts", ":", " ", "\n", "  ", "{", "}", "[", "]", "a", "- ", "? ", "*", "&",
            "!!int",
            "|", ">", "\"", "'", "#", "%YAML 1.1", "---", "...", "\u{FEFF}", "\u{0}", "é", "@", "`", "<<",
        ]
        let text = (0..<40).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
        do {
            _ = try self.read(text)
        } catch let error as OperationError {
            #expect(error.message.utf8.count < 1_000)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("Names of parts stand for the workloads that are these parts")
    func references() throws {
        let shop = try self.read(
            """
            application: shop
            parts:
              db: {\(Self.usual)}
              web: {\(Self.usual), within: {db: 20 ms}, apart: [cache, db], audience: [workload/db]}
            """)
        let root = try #require(ApplicationID("00000000-0000-4000-8000-000000000000"))
        let web = shop.workload(of: shop.parts[1], as: root, generation: 1)
        #expect(web.name == "shop-web")
        #expect(web.constraints == [.apart(["cache", "shop-db"]), .within("shop-db", milliseconds: 20)])
        #expect(web.audience.shares.map(\.place) == [.workload("shop-db")])
        #expect(web.part == PartReference(application: root, name: "shop", part: "web", generation: 1))
        #expect(shop.workload(of: shop.parts[1], as: root, generation: 2).name == "shop-web-g2")
    }
}
