import CloudModel
import Operations
import Testing
import XMPP

@Suite("Service administration")
struct AdministrationTests {
    private let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "phone")
    private let now = Instant(millisecondsSinceEpoch: 1_000_000)
    private var core = AdministrationCore(site: SiteID("paris.test"))

    private mutating func send(
        _ administration: AdministrationCommand, _ command: Command? = nil,
        permitted: [Operations.Operation] = Catalogue.operations
    ) -> AdministrationCore.OnCommand {
        self.core.receive(
            command ?? Command(node: administration.node), administration, from: self.alice,
            permitted: permitted, freshID: "s1", now: self.now)
    }

    private func invocation(_ name: String, _ arguments: [String: Value]) -> Invocation {
        Invocation(operation: name, arguments: arguments, caller: GrantBook.Caller(self.alice))
    }

    private static func submission(_ values: [String: [String]]) -> DataForm {
        let type = DataForm.Field(
            DataForm.formTypeField, .hidden, values: [AdministrationCommand.namespace])
        return DataForm(
            .submit,
            fields: [type] + values.sorted { $0.key < $1.key }.map { .init($0.key, values: $0.value) })
    }

    /// What each command's form is filled in with, and what is performed then.
    private static let flows: [(AdministrationCommand, [String: [String]], [[String: Value]])] = [
        (
            .addUser,
            [
                "accountjid": ["bob@paris.test"], "password": ["correct horse"],
                "password-verify": ["correct horse"],
            ],
            [["account": "bob@paris.test", "password": "correct horse"]]
        ),
        (
            .deleteUser, ["accountjids": ["bob@paris.test", "eve@paris.test"]],
            [["account": "bob@paris.test"], ["account": "eve@paris.test"]]
        ),
        (.disableUser, ["accountjids": ["bob@paris.test"]], [["account": "bob@paris.test"]]),
        (.enableUser, ["accountjids": ["bob@paris.test"]], [["account": "bob@paris.test"]]),
        (.endSession, ["accountjids": ["bob@paris.test/desk"]], [["account": "bob@paris.test/desk"]]),
        (
            .changePassword, ["accountjid": ["bob@paris.test"], "password": ["correct horse"]],
            [["account": "bob@paris.test", "password": "correct horse"]]
        ),
        (.userStatistics, ["accountjid": ["bob@paris.test"]], [["account": "bob@paris.test"]]),
        (.lastLogin, ["accountjid": ["bob@paris.test"]], [["account": "bob@paris.test"]]),
        (.announce, ["announcement": ["down", "at noon"]], [["text": "down\nat noon"]]),
        (.setMessageOfTheDay, ["motd": ["be kind"]], [["text": "be kind", "announce": true]]),
        (.editMessageOfTheDay, ["motd": ["be kind"]], [["text": "be kind"]]),
    ]

    @Test(
        "XEP-0133 §4: A command asks for its form, and what is filled in becomes operations",
        arguments: flows.indices)
    mutating func forms(index: Int) throws {
        let (administration, values, arguments) = Self.flows[index]
        guard case .answer(let step) = self.send(administration) else {
            Issue.record("no form")
            return
        }
        #expect(step.status == .executing)
        #expect(step.form?.formType == AdministrationCommand.namespace)
        let filled = Command(
            node: administration.node, sessionID: step.sessionID, form: Self.submission(values))
        let operation = try #require(Catalogue.operation(administration.operation))
        for arguments in arguments { _ = try operation.checked(arguments) }
        #expect(
            self.send(administration, filled)
                == .perform(administration, arguments.map { self.invocation(operation.name, $0) }))
        // The session is over.
        #expect(self.send(administration, filled) == .refuse(CommandError.badSessionID.stanzaError()))
    }

    @Test("XEP-0133 §4: A command without a form is performed at once")
    mutating func atOnce() {
        let plain = AdministrationCommand.allCases.filter(\.fields.isEmpty)
        #expect(plain.count == AdministrationCommand.allCases.count - Self.flows.count)
        for administration in plain {
            #expect(
                self.send(administration)
                    == .perform(administration, [self.invocation(administration.operation, [:])]))
        }
    }

    @Test("A form that is filled in wrong comes again with what is wrong; it can be cancelled")
    mutating func mistakes() {
        for values in [
            [:], ["accountjid": ["bob@paris.test"]],
            ["accountjid": ["bob@paris.test"], "password": ["a"], "password-verify": ["b"]],
            ["accountjid": ["@"], "password": ["a"]],
        ] {
            _ = self.send(.addUser)
            let filled = Command(
                node: AdministrationCommand.addUser.node, sessionID: "s1", form: Self.submission(values))
            guard case .answer(let again) = self.send(.addUser, filled) else {
                Issue.record("no second form")
                continue
            }
            #expect(again.notes.first?.kind == .error)
            #expect(again.status == .executing)
            let cancelled = self.send(
                .addUser, Command(node: filled.node, sessionID: "s1", action: .cancel))
            guard case .answer(let end) = cancelled else {
                Issue.record("not cancelled")
                continue
            }
            #expect(end.status == .canceled)
        }
    }

    @Test("XEP-0133 §9: Nothing is listed or done without the grant of the operation behind it")
    mutating func permission() throws {
        let list = try #require(Catalogue.operation("account.list"))
        let visible = AdministrationCore.commands(for: [list])
        #expect(
            visible == [
                .registeredCount, .disabledCount, .onlineCount, .registeredList, .disabledList, .onlineList,
            ])
        #expect(
            AdministrationCore.items([list], at: self.alice.bare).map(\.node) == visible.map(\.node))
        for administration in AdministrationCommand.allCases where !visible.contains(administration) {
            guard case .refuse(let error) = self.send(administration, permitted: [list]) else {
                Issue.record("\(administration) is not refused")
                continue
            }
            #expect(error.condition == .forbidden)
        }
    }

    @Test("XEP-0133 §4.18, §4.20, §8.3: Counts and lists are read off the accounts")
    func results() throws {
        let accounts = OperationResult(
            site: SiteID("paris.test"),
            value: [
                ["account": "alice@paris.test", "clients": 2, "disabled": false],
                ["account": "bob@paris.test", "clients": 0, "disabled": true],
            ])
        let expected: [(AdministrationCommand, String, [String])] = [
            (.registeredCount, "registeredusersnum", ["2"]), (.disabledCount, "disabledusersnum", ["1"]),
            (.onlineCount, "onlineusersnum", ["1"]),
            (.registeredList, "registereduserjids", ["alice@paris.test", "bob@paris.test"]),
            (.disabledList, "disableduserjids", ["bob@paris.test"]),
            (.onlineList, "onlineuserjids", ["alice@paris.test"]),
        ]
        for (administration, field, values) in expected {
            let answer = AdministrationCore.answer(
                to: Command(node: administration.node), administration, [accounts])
            #expect(answer.status == .completed)
            #expect(answer.form?.kind == .result)
            #expect(answer.form?.field(field)?.values == values)
        }
        let account = OperationResult(
            site: SiteID("paris.test"),
            value: [
                "account": "alice@paris.test", "contacts": 7, "resources": ["desk"], "lastSeen": 1_000,
            ])
        let statistics = try #require(AdministrationCommand.userStatistics.form(of: account))
        #expect(statistics.field("rostersize")?.values == ["7"])
        #expect(statistics.field("onlineresources")?.values == ["desk"])
        let login = try #require(AdministrationCommand.lastLogin.form(of: account))
        #expect(login.field("lastlogin")?.values == ["1970-01-01T00:00:01Z"])
        #expect(AdministrationCommand.announce.form(of: account) == nil)
    }

    @Test("The fixed nodes are known by their names, others are not")
    func nodes() {
        #expect(AdministrationCommand(node: "http://jabber.org/protocol/admin#add-user") == .addUser)
        #expect(AdministrationCommand(node: "http://jabber.org/protocol/admin#shutdown") == nil)
        #expect(AdministrationCommand(node: "add-user") == nil)
        for administration in AdministrationCommand.allCases {
            #expect(AdministrationCommand(node: administration.node) == administration)
            #expect(Catalogue.operation(administration.operation) != nil)
        }
    }
}
