import Testing
import XML
import XMPP

@Suite("Payloads and their golden files")
struct GoldenTests {
    static let paris = JID(preparedLocal: nil, domain: "paris.test", resource: nil)
    static let rome = JID(preparedLocal: nil, domain: "rome.test", resource: nil)

    @Test("Discovery")
    func discovery() throws {
        try GoldenFile.check(
            "DiscoInfo",
            DiscoInfo(
                node: Command.listNode,
                identities: [
                    .init(category: "server", type: "im", name: "Paris", language: "en"),
                    .init(category: "automation", type: "command-list"),
                ],
                features: [Namespace.discoInfo, Namespace.ping],
                forms: [
                    DataForm(
                        .result,
                        fields: [
                            .init(
                                DataForm.formTypeField, .hidden,
                                values: ["http://jabber.org/network/serverinfo"]),
                            .init("admin-addresses", values: ["xmpp:alice@paris.test"]),
                        ])
                ]))
        try GoldenFile.check("DiscoInfo-question", DiscoInfo())
        try GoldenFile.check(
            "DiscoItems",
            DiscoItems(
                node: Command.listNode,
                items: [
                    .init(address: Self.paris, node: "machine.start", name: "Start a machine"),
                    .init(address: try JID("paris.test/desk")),
                ]))
        try GoldenFile.check("DiscoItems-question", DiscoItems())
        try GoldenFile.check("Ping", Ping())
        try GoldenFile.check(
            "SoftwareVersion",
            SoftwareVersion(name: "Tradewind", version: "0.1", operatingSystem: "Debian & Linux"))
        try GoldenFile.check("SoftwareVersion-question", SoftwareVersion())
        let time = DateTime(millisecondsSinceEpoch: 1_166_551_115_250)
        try GoldenFile.check("EntityTime", EntityTime(.init(time: time, offset: -390)))
        try GoldenFile.check("EntityTime-question", EntityTime())
    }

    @Test("Beside messages")
    func messages() throws {
        try GoldenFile.check(
            "Delay",
            Delay(
                time: DateTime(millisecondsSinceEpoch: 1_031_699_305_000), from: Self.paris,
                reason: "Offline Storage"))
        try GoldenFile.check("Delay-bare", Delay(time: DateTime(millisecondsSinceEpoch: -1)))
        try GoldenFile.check("ReceiptRequest", ReceiptRequest())
        try GoldenFile.check("ReceiptReceived", ReceiptReceived(id: "richard2-4.1.247"))
    }

    @Test("Sessions and rosters")
    func sessions() throws {
        try GoldenFile.check("ResourceBinding", ResourceBinding(resource: "balcony"))
        try GoldenFile.check("ResourceBinding-free", ResourceBinding())
        try GoldenFile.check(
            "ResourceBinding-answer", ResourceBinding(address: try JID("juliet@rome.test/balcony")))
        try GoldenFile.check("SessionEstablishment", SessionEstablishment())
        try GoldenFile.check(
            "ComponentHandshake", ComponentHandshake(digest: "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e"))
        try GoldenFile.check("ComponentHandshake-accepted", ComponentHandshake())
        try GoldenFile.check(
            "RosterQuery",
            RosterQuery(
                version: "ver14",
                items: [
                    .init(
                        address: try JID("romeo@paris.test"), name: "Romeo", subscription: .both,
                        groups: ["Friends", "Enemies & co"]),
                    .init(
                        address: try JID("nurse@paris.test"), subscription: .none, isAsking: true,
                        isApproved: true),
                    .init(address: try JID("tokyo.test"), subscription: .remove),
                ]))
        try GoldenFile.check("RosterQuery-first", RosterQuery(version: ""))
    }

    @Test("XEP-0004, XEP-0068: what forms look like")
    func forms() throws {
        try GoldenFile.check("DataForm", DataFormTests.form)
        try GoldenFile.check(
            "DataForm-submit", DataForm(.submit, fields: [.init("name", values: ["web-1"])]))
        try GoldenFile.check("DataForm-cancel", DataForm(.cancel))
        try GoldenFile.check(
            "DataForm-table",
            DataForm(
                .result, title: "Machines",
                reported: [.init("name", .textSingle, label: "Name"), .init("state", label: "State")],
                items: [
                    [.init("name", values: ["web-1"]), .init("state", values: ["running"])],
                    [.init("name", values: ["web-2"]), .init("state", values: ["stopped"])],
                ]))
    }

    @Test("XEP-0050: what commands look like")
    func commands() throws {
        try GoldenFile.check("Command", Command(node: "machine.start", action: .execute))
        try GoldenFile.check(
            "Command-stage",
            Command(
                node: "machine.create", sessionID: "s1", status: .executing,
                choices: .init(standard: .complete, hasPrevious: true, hasComplete: true),
                notes: [.init(.warn, "This takes a minute.")],
                form: DataForm(.form, fields: [.init("name", .textSingle, isRequired: true)])))
        try GoldenFile.check(
            "Command-done",
            Command(
                node: "machine.start", sessionID: "s1", status: .completed,
                notes: [.init(.info, "web-1 runs at paris.test.")]))
    }

    @Test("Dialback")
    func dialback() throws {
        let key = "37c69b1cf07a3f67c04a5ef5902fa511"
        try GoldenFile.check("DialbackResult", DialbackResult(from: Self.paris, to: Self.rome, .key(key)))
        try GoldenFile.check("DialbackResult-valid", DialbackResult(from: Self.rome, to: Self.paris, .valid))
        try GoldenFile.check(
            "DialbackResult-error",
            DialbackResult(from: Self.rome, to: Self.paris, .error(StanzaError(.itemNotFound))))
        try GoldenFile.check(
            "DialbackVerify",
            DialbackVerify(from: Self.rome, to: Self.paris, id: "D60000229F", .key(key)))
        try GoldenFile.check(
            "DialbackVerify-invalid",
            DialbackVerify(from: Self.paris, to: Self.rome, id: "D60000229F", .invalid))
    }

    @Test(
        "What is plainly wrong is refused",
        arguments: [
            "<x xmlns='jabber:x:data'/>", "<x xmlns='jabber:x:data' type='odd'/>",
        ])
    func wrongForms(text: String) throws {
        let element = try Element(parsing: text)
        #expect(throws: PayloadError.self) { try DataForm(parsing: element) }
    }

    @Test("Values that are known but wrong are refused with what is wrong")
    func wrongValues() throws {
        let commands = Namespace.commands
        #expect(throws: PayloadError.self) {
            try Command(parsing: Element("command", namespace: commands))
        }
        #expect(throws: PayloadError("the action of <command/> cannot be 'jump'")) {
            try Command(parsing: Element("command", namespace: commands, ["node": "x", "action": "jump"]))
        }
        #expect(throws: PayloadError.self) {
            try DiscoItems(
                parsing: try Element(
                    parsing: "<query xmlns='\(Namespace.discoItems)'><item jid='a@@b'/></query>"))
        }
        #expect(throws: PayloadError.self) {
            try Delay(parsing: Element("delay", namespace: Namespace.delay, ["stamp": "yesterday"]))
        }
        #expect(throws: PayloadError.self) {
            try DialbackResult(
                parsing: Element("result", namespace: Namespace.dialback, ["from": "a", "to": "b"]))
        }
    }
}
