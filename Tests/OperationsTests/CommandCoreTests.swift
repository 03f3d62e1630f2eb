import CloudModel
import Operations
import Testing
import XMPP

@Suite("CommandCore")
struct CommandCoreTests {
    private let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "phone")
    private let start = Instant(millisecondsSinceEpoch: 1_000_000)
    private var core = CommandCore(site: SiteID("paris.test"))

    private mutating func send(
        _ command: Command, from owner: JID? = nil, permitted: [Operations.Operation]? = nil,
        after: Duration = .zero
    ) -> CommandCore.OnCommand {
        self.core.receive(
            command, from: owner ?? self.alice, permitted: permitted ?? Catalogue.operations, freshID: "s1",
            now: self.start.advanced(by: after))
    }

    private static func submission(_ values: [String: [String]]) -> DataForm {
        DataForm(.submit, fields: values.sorted { $0.key < $1.key }.map { .init($0.key, values: $0.value) })
    }

    private func invocation(
        _ name: String, _ arguments: [String: Value], at site: SiteID? = nil, key: String? = nil
    ) -> Invocation {
        Invocation(
            operation: name, arguments: arguments, caller: GrantBook.Caller(self.alice), site: site,
            idempotencyKey: key)
    }

    @Test("A command without parameters is performed at once")
    mutating func performsAtOnce() {
        #expect(self.send(Command(node: "status")) == .perform(self.invocation("status", [:])))
    }

    @Test("A form is filled in, checked, and performed")
    mutating func fillsIn() throws {
        guard case .answer(let step) = self.send(Command(node: "machine.create")) else {
            Issue.record("no form")
            return
        }
        #expect(step.status == .executing)
        #expect(step.sessionID == "s1")
        let form = try #require(step.form)
        #expect(form.field("memory")?.values == ["512M"])
        #expect(form.field("format")?.options.map(\.value) == ["qcow2", "raw", "kernel"])
        #expect(form.field("name")?.isRequired == true)

        let wrong = self.send(
            Command(
                node: "machine.create", sessionID: "s1", action: .complete,
                form: Self.submission(["name": ["web-1"], "image": ["/a"], "memory": ["much"]])))
        guard case .answer(let again) = wrong else {
            Issue.record("no second form")
            return
        }
        #expect(again.notes.first?.kind == .error)
        #expect(again.form?.field("name")?.values == ["web-1"])

        let right = self.send(
            Command(
                node: "machine.create", sessionID: "s1", action: .execute,
                form: Self.submission([
                    "name": ["web-1"], "image": ["/a"], "memory": ["1G"], "start": ["0"],
                    "labels": ["a:1", "b:2"], "at": ["tokyo.test"],
                ])))
        let create = try #require(Catalogue.operation("machine.create"))
        let arguments = try create.checked([
            "name": "web-1", "image": "/a", "memory": "1G", "start": false, "labels": ["a:1", "b:2"],
        ])
        #expect(right == .perform(self.invocation("machine.create", arguments, at: SiteID("tokyo.test"))))
        let late = self.send(Command(node: "machine.create", sessionID: "s1", action: .complete))
        #expect(late == .refuse(CommandError.badSessionID.stanzaError()))
    }

    @Test("What destroys asks once more, and goes back on request")
    mutating func asksOnceMore() {
        _ = self.send(Command(node: "machine.delete"))
        let fill = Command(
            node: "machine.delete", sessionID: "s1", action: .next,
            form: Self.submission(["machine": ["web-1"], "idempotency-key": ["k-1"]]))
        guard case .answer(let question) = self.send(fill) else {
            Issue.record("no question")
            return
        }
        #expect(question.form?.title == "machine delete web-1 at paris.test")
        let back = self.send(Command(node: "machine.delete", sessionID: "s1", action: .prev))
        guard case .answer(let form) = back else {
            Issue.record("no way back")
            return
        }
        #expect(form.form?.field("machine")?.values == ["web-1"])
        #expect(form.form?.field("idempotency-key")?.values == ["k-1"])
        _ = self.send(fill)
        let unticked = Command(
            node: "machine.delete", sessionID: "s1", action: .complete,
            form: Self.submission(["confirm": ["0"]]))
        guard case .answer(let warned) = self.send(unticked) else {
            Issue.record("performed without consent")
            return
        }
        #expect(warned.notes.first?.kind == .warn)
        let ticked = Command(
            node: "machine.delete", sessionID: "s1", action: .complete,
            form: Self.submission(["confirm": ["1"]]))
        let invocation = self.invocation("machine.delete", ["machine": "web-1"], key: "k-1")
        #expect(self.send(ticked) == .perform(invocation))
    }

    @Test("The form of what only reads has no key")
    mutating func readsWithoutKey() throws {
        guard case .answer(let step) = self.send(Command(node: "machine.show")) else {
            Issue.record("no form")
            return
        }
        #expect(step.form?.field(OperationForm.keyField) == nil)
        let create = try #require(Catalogue.operation("machine.create"))
        #expect(OperationForm(create).form().field(OperationForm.keyField)?.kind == .hidden)
    }

    @Test("A grant taken back in between counts, an end is an end, and sessions are nobody else's")
    mutating func guardsSessions() {
        _ = self.send(Command(node: "machine.delete"))
        let fill = Command(
            node: "machine.delete", sessionID: "s1", action: .next,
            form: Self.submission(["machine": ["web-1"]]))
        guard case .refuse(let forbidden) = self.send(fill, permitted: []) else {
            Issue.record("performed without a grant")
            return
        }
        #expect(forbidden.condition == .forbidden)
        let eve = JID(preparedLocal: "eve", domain: "paris.test", resource: "x")
        #expect(self.send(fill, from: eve) == .refuse(CommandError.badSessionID.stanzaError()))
        let tooLate = self.send(fill, after: .seconds(601))
        #expect(tooLate == .refuse(CommandError.sessionExpired.stanzaError()))

        _ = self.send(Command(node: "machine.show"), after: .seconds(1_900))
        let cancel = self.send(
            Command(node: "machine.show", sessionID: "s1", action: .cancel), after: .seconds(1_901))
        #expect(cancel == .answer(Command(node: "machine.show", sessionID: "s1", status: .canceled)))
        let unknown = self.send(Command(node: "machine.strat"))
        guard case .refuse(let error) = unknown else {
            Issue.record("no refusal")
            return
        }
        #expect(error.condition == .itemNotFound)
    }

    @Test("A result is words and a table")
    func answers() throws {
        let result = OperationResult(
            site: SiteID("paris.test"),
            value: [["specification": ["name": "web-1", "resources": ["memory": 512]], "state": "running"]])
        let answer = self.core.answer(to: Command(node: "machine.list", sessionID: "s1"), result)
        #expect(answer.status == .completed)
        #expect(answer.notes.first?.text.hasPrefix("paris.test: machine list\nMACHINE") == true)
        let form = try #require(answer.form)
        #expect(form.reported?.first?.label == "Machine")
        #expect(form.items.first?.map(\.values).prefix(2) == [["web-1"], ["running"]])
        #expect(try DataForm(parsing: form.element) == form)
    }

    @Test("Commands are listed for those who may use them")
    func lists() {
        let permitted = Catalogue.operations.filter { $0.name == "machine.list" }
        let items = CommandCore.items(permitted, at: self.alice.domainJID)
        #expect(items.items.map(\.node) == ["machine.list"])
        #expect(CommandCore.info(permitted[0]).features.contains(Namespace.commands))
    }
}
