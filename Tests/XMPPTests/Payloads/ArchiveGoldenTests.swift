import Cryptography
import Testing
import XML
import XMPP

@Suite("Payloads of archives, and their golden files")
struct ArchiveGoldenTests {
    static func time(_ text: String) throws -> DateTime { try #require(DateTime(text)) }

    static func message(_ body: String) throws -> Message {
        Message(to: try JID("bob@rome.test"), body: body)
    }

    @Test("XEP-0359, XEP-0297: what ids and forwarded messages look like")
    func wrapping() throws {
        try GoldenFile.check("StanzaID", StanzaID(id: "de305d54", by: try JID("alice@paris.test")))
        let message = Message(
            to: try JID("bob@rome.test"), from: try JID("alice@paris.test/desk"), id: "0202197",
            body: "Yet I should kill thee.")
        try GoldenFile.check(
            "Forwarded", Forwarded(message, delay: Delay(time: try Self.time("2010-07-10T23:08:25Z"))))
        try GoldenFile.check("Forwarded-bare", Forwarded(try Self.message("x")))
    }

    @Test("XEP-0059: what pages look like; a limit that is no number is refused")
    func pages() throws {
        try GoldenFile.check("ResultSet", ResultSet(max: 10, .after("peterpan@neverland.lit")))
        try GoldenFile.check("ResultSet-last", ResultSet(max: 10, .last))
        try GoldenFile.check("ResultSet-index", ResultSet(.index(371)))
        try GoldenFile.check(
            "ResultSet-answer",
            ResultSet(first: .init(id: "28482-98726", index: 0), last: "09af3-cc343", count: 800))
        for number in ["-1", "many", "99999999999999999999"] {
            let element = Element(
                "set", namespace: Namespace.resultSets, [:],
                [Element("max", namespace: Namespace.resultSets, text: number)])
            #expect(throws: PayloadError.self) { try ResultSet(parsing: element) }
        }
    }

    @Test("XEP-0313: what archives say")
    func archives() throws {
        let form = DataForm(
            .submit,
            fields: [
                .init(DataForm.formTypeField, .hidden, values: [Namespace.archive]),
                .init("with", values: ["bob@rome.test"]),
            ])
        try GoldenFile.check(
            "ArchiveQuery",
            ArchiveQuery(id: "f27", form: form, page: ResultSet(max: 10, .before("09af3")), isFlipped: true))
        try GoldenFile.check("ArchiveQuery-form", ArchiveQuery())
        try GoldenFile.check(
            "ArchiveResult",
            ArchiveResult(
                id: "28482", queryID: "f27",
                forwarded: Forwarded(
                    try Self.message("Hail to thee"),
                    delay: Delay(time: try Self.time("2010-07-10T23:08:25Z")))))
        try GoldenFile.check(
            "ArchiveFin",
            ArchiveFin(isComplete: true, page: ResultSet(first: .init(id: "a"), last: "b", count: nil)))
        try GoldenFile.check("ArchiveFin-page", ArchiveFin(isComplete: false, page: ResultSet()))
        try GoldenFile.check(
            "ArchiveMetadata",
            ArchiveMetadata(
                start: .init(id: "YWxwaGEg", time: try Self.time("2008-08-22T21:09:04Z")),
                end: .init(id: "b21lZ2Eg", time: try Self.time("2020-04-20T14:34:21Z"))))
        try GoldenFile.check("ArchiveMetadata-question", ArchiveMetadata())
    }

    @Test("XEP-0441: what preferences look like")
    func preferences() throws {
        try GoldenFile.check(
            "ArchivePreferences",
            ArchivePreferences(
                standard: .roster, always: [try JID("bob@rome.test")],
                never: [try JID("eve@rome.test"), try JID("tokyo.test")]))
        try GoldenFile.check("ArchivePreferences-question", ArchivePreferences())
    }

    @Test("XEP-0313 §4.1: the filters of a query")
    func filters() throws {
        func filter(_ fields: KeyValuePairs<String, [String]>) throws -> ArchiveFilter {
            let type = DataForm.Field(DataForm.formTypeField, values: [Namespace.archive])
            return try ArchiveFilter(
                DataForm(.submit, fields: [type] + fields.map { .init($0, values: $1) }))
        }
        #expect(try ArchiveFilter(nil) == ArchiveFilter())
        #expect(
            try filter(["with": ["bob@rome.test"], "start": ["2010-06-07T00:00:00Z"], "ids": ["a", "b"]])
                == ArchiveFilter(
                    with: try JID("bob@rome.test"), start: try Self.time("2010-06-07T00:00:00Z"),
                    ids: ["a", "b"]))
        #expect(
            try filter(["before-id": ["b"], "after-id": ["a"], "end": [""]])
                == ArchiveFilter(afterID: "a", beforeID: "b"))
        func condition(_ fields: KeyValuePairs<String, [String]>) -> StanzaError.Condition? {
            do {
                _ = try filter(fields)
                return nil
            } catch { return (error as? StanzaError)?.condition }
        }
        #expect(condition(["{urn:example}mood": ["x"]]) == .featureNotImplemented)
        #expect(condition(["with": ["@@"]]) == .badRequest)
        #expect(condition(["start": ["yesterday"]]) == .badRequest)
        #expect(condition(["with": ["a@b.test", "c@d.test"]]) == .badRequest)
        let ids = (1...ArchiveFilter.mostIDs).map { "\($0)" }
        #expect(condition(["ids": ids]) == nil)
        #expect(condition(["ids": ids + ["one more"]]) == .policyViolation)
        #expect(throws: StanzaError.self) { try ArchiveFilter(DataForm(.submit)) }
    }

    @Test("XEP-0115 §5.2, §5.3: the verification strings of the examples")
    func verificationStrings() throws {
        try GoldenFile.check(
            "EntityCapabilities",
            EntityCapabilities(
                hash: "sha-1", node: "http://code.example/exodus", version: "QgayPKawpkPSDYmwT/WM94uAlu0="))
        let simple = DiscoInfo(
            identities: [.init(category: "client", type: "pc", name: "Exodus 0.9.1")],
            features: [
                Namespace.capabilities, Namespace.discoItems, Namespace.discoInfo,
                "http://jabber.org/protocol/muc",
            ])
        #expect(simple.verificationString(by: .sha1) == "QgayPKawpkPSDYmwT/WM94uAlu0=")
        let software = DataForm(
            .result,
            fields: [
                .init(
                    DataForm.formTypeField, .hidden, values: ["urn:xmpp:dataforms:softwareinfo"]),
                .init("ip_version", .textMulti, values: ["ipv6", "ipv4"]), .init("os", values: ["Mac"]),
                .init("os_version", values: ["10.5.1"]), .init("software", values: ["Psi"]),
                .init("software_version", values: ["0.11"]),
            ])
        let complex = DiscoInfo(
            identities: [
                .init(category: "client", type: "pc", name: "Psi 0.11", language: "en"),
                .init(category: "client", type: "pc", name: "\u{3A8} 0.11", language: "el"),
            ],
            features: simple.features, forms: [software])
        #expect(complex.verificationString(by: .sha1) == "q07IKJEyjvHSyhy//CH0CxmKi8w=")
        var repeated = simple
        repeated.features.append(Namespace.discoInfo)
        #expect(repeated.verificationString(by: .sha1) == nil)
        var smuggled = simple
        smuggled.features = ["a<b"]
        #expect(smuggled.verificationString(by: .sha1) == nil)
        var doubled = complex
        doubled.forms.append(software)
        #expect(doubled.verificationString(by: .sha1) == nil)
    }
}
