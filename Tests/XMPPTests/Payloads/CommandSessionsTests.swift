import Testing
import XML
import XMPP

@Suite("Ad-hoc command sessions")
struct CommandSessionsTests {
    static let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "desk")
    static let phone = JID(preparedLocal: "alice", domain: "paris.test", resource: "phone")

    static func moment(_ seconds: Int64) -> DateTime {
        DateTime(millisecondsSinceEpoch: 1_700_000_000_000 + seconds * 1_000)
    }

    static func sessions(perOwner: Int = 2, total: Int = 3) -> CommandSessions<Int> {
        CommandSessions(limits: .init(perOwner: perOwner, total: total, lifetime: .seconds(60)))
    }

    @Test("XEP-0050 §3.3: A session belongs to its owner and its command")
    func ownership() throws {
        var sessions = Self.sessions()
        try sessions.open(id: "1", owner: Self.alice, node: "create", state: 7, now: Self.moment(0))
        #expect(try sessions.resume(id: "1", owner: Self.alice, node: "create", now: Self.moment(1)) == 7)
        sessions.update(id: "1", state: 8)
        #expect(try sessions.resume(id: "1", owner: Self.alice, node: "create", now: Self.moment(1)) == 8)
        for (id, owner, node) in [
            ("1", Self.phone, "create"), ("1", Self.alice, "delete"), ("2", Self.alice, "create"),
        ] {
            #expect(throws: CommandError.badSessionID) {
                try sessions.resume(id: id, owner: owner, node: node, now: Self.moment(1))
            }
        }
        sessions.close(id: "1")
        #expect(sessions.count == 0)
    }

    @Test("A session is open until its lifetime has passed since the last step")
    func expiry() throws {
        var sessions = Self.sessions()
        try sessions.open(id: "1", owner: Self.alice, node: "x", state: 1, now: Self.moment(0))
        #expect(try sessions.resume(id: "1", owner: Self.alice, node: "x", now: Self.moment(59)) == 1)
        #expect(throws: CommandError.sessionExpired) {
            try sessions.resume(id: "1", owner: Self.alice, node: "x", now: Self.moment(59 + 60))
        }
        try sessions.open(id: "2", owner: Self.alice, node: "x", state: 1, now: Self.moment(0))
        sessions.expire(now: Self.moment(119))
        #expect(sessions.count == 1)
        sessions.expire(now: Self.moment(120))
        #expect(sessions.count == 0)
    }

    @Test("One more than an owner may have closes the oldest; one more than all may have is refused")
    func limits() throws {
        var sessions = Self.sessions()
        for id in ["1", "2", "3"] {
            try sessions.open(id: id, owner: Self.alice, node: "x", state: 0, now: Self.moment(0))
        }
        #expect(sessions.count == 2)
        #expect(throws: CommandError.badSessionID) {
            try sessions.resume(id: "1", owner: Self.alice, node: "x", now: Self.moment(0))
        }
        try sessions.open(id: "4", owner: Self.phone, node: "x", state: 0, now: Self.moment(1))
        let third = JID(preparedLocal: "bob", domain: "paris.test", resource: "x")
        let error = #expect(throws: StanzaError.self) {
            try sessions.open(id: "5", owner: third, node: "x", state: 0, now: Self.moment(1))
        }
        #expect(error?.condition == .resourceConstraint)
        try sessions.open(id: "6", owner: third, node: "x", state: 0, now: Self.moment(60))
        #expect(sessions.count == 2)
        sessions.close(owner: third)
        #expect(sessions.count == 1)
    }

    @Test(
        "XEP-0050 §4.4: Errors of commands are those of the specification", arguments: CommandError.allCases)
    func errors(error: CommandError) {
        let stanzaError = error.stanzaError(text: "why")
        #expect(stanzaError.detail == Element(error.rawValue, namespace: Namespace.commands))
        #expect(stanzaError.condition == (error == .sessionExpired ? .notAllowed : .badRequest))
    }

    @Test("XEP-0050 §3.4: What an action means depends on what is offered")
    func choices() {
        let first = Command.Choices(hasNext: true)
        #expect(first.meaning(of: nil) == .next)
        #expect(first.meaning(of: .prev) == nil)
        let last = Command.Choices(standard: .complete, hasPrevious: true, hasComplete: true)
        #expect(last.meaning(of: .execute) == .complete)
        #expect(last.meaning(of: .next) == nil)
        #expect(last.meaning(of: .cancel) == .cancel)
        #expect(Command.Choices(hasComplete: true).meaning(of: nil) == .complete)
    }
}
