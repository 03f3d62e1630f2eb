import CloudModel
import Operations
import TestRandomness
import Testing
import XML
import XMPP

@Suite("A document keeps its lines and their indentation, whichever way it comes")
struct DocumentFacesTests {
    private static let document = """
        application: shop
        defaults: {image: /a, memory: 1 GiB}

        parts:
          db:
            regions: [eu]
          web:
            audience:
              - JP
            after: [db]
        """

    private static let site = SiteID("paris.test")
    private static let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "phone")
    private static let now = Instant(millisecondsSinceEpoch: 1_000_000)

    private func check(_ value: Operations.Value?) throws {
        #expect(value == .string(Self.document))
        let shop = try ApplicationDocument.specification(from: try #require(value))
        #expect(shop.parts.map(\.name) == ["db", "web"])
        #expect(shop[part: "web"]?.after == ["db"])
        #expect(shop[part: "web"]?.workload.audience.shares.map(\.place) == [.country("JP")])
    }

    /// As it arrives, after it was sent.
    private func travelled(_ element: Element) throws -> Element {
        try Element(parsing: element.serializedText())
    }

    @Test("In a form, where each line is a value")
    func form() throws {
        var core = CommandCore(site: Self.site)
        func send(_ command: Command) -> CommandCore.OnCommand {
            core.receive(
                command, from: Self.alice, permitted: Catalogue.operations, freshID: "s1", now: Self.now)
        }
        guard case .answer(let step) = send(Command(node: "application.plan")) else {
            Issue.record("no form")
            return
        }
        #expect(step.form?.field("document")?.kind == .textMulti)
        let lines = Self.document.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let filled = DataForm(.submit, fields: [.init("document", values: lines)])
        let sent = Command(
            node: "application.plan", sessionID: "s1", action: .complete,
            form: try DataForm(parsing: self.travelled(filled.element)))
        guard case .perform(let invocation) = send(sent) else {
            Issue.record("not performed")
            return
        }
        try self.check(invocation["document"])
    }

    @Test("In a chat, between quotes")
    func chat() throws {
        var core = ChatCore(site: Self.site)
        var generator = SeededGenerator(seed: 7)
        let line = "application plan document='\(Self.document)'"
        let outcome = core.receive(
            line, from: GrantBook.Caller(Self.alice), permitted: Catalogue.operations, now: Self.now,
            using: &generator)
        guard case .perform(let invocation) = outcome else {
            Issue.record("not performed")
            return
        }
        try self.check(invocation["document"])
    }

    @Test("In <invoke/>, as a string")
    func invoke() throws {
        let invoke = Invoke(
            operation: "application.plan", arguments: ["document": .string(Self.document)], behalf: nil,
            idempotencyKey: nil)
        try self.check(try Invoke(parsing: self.travelled(invoke.element)).arguments["document"])
    }
}
