import NIOCore
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Stream management of clients")
struct ResumptionTests {
    private static func chat(_ text: String, to: JID?, from: JID? = nil) -> Stanza {
        .message(Message(to: to, from: from, id: text, body: text))
    }

    private static func failure(_ client: EmbeddedClient) throws -> StanzaError.Condition? {
        for element in client.others.filter(StreamManagementElement.matches) {
            if case .failed(let condition, _) = try StreamManagementElement(parsing: element) {
                return condition
            }
        }
        return nil
    }

    // MARK: Enabling

    @Test("XEP-0198 §3: before a resource is bound, enabling fails and the stream goes on")
    func enableBeforeBinding() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient("alice", on: server)
        client.write(StreamManagementElement.enable(isResumable: true, resumptionTime: nil).element)
        try client.exchange()
        #expect(try Self.failure(client) == .unexpectedRequest)
        try client.bind("desk")
        #expect(client.address?.resource == "desk")
    }

    @Test("XEP-0198 §3: enabling twice is refused and ends the stream")
    func enableTwice() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        client.write(StreamManagementElement.enable(isResumable: true, resumptionTime: nil).element)
        try client.exchange()
        #expect(try Self.failure(client) == .unexpectedRequest)
        #expect(try client.errors().map(\.condition) == [.policyViolation])
    }

    @Test("XEP-0198 §3: the time to resume is the shorter of what client and server want")
    func resumptionTime() throws {
        for (wish, given) in [(nil, 300), (60, 60), (300, 300), (301, 300)] as [(UInt32?, UInt32)] {
            let server = try EmbeddedServer()
            let client = try EmbeddedClient("alice", on: server)
            try client.bind("desk")
            try client.enable(resumptionTime: wish)
            #expect(client.management.terms.resumptionTime == given)
            #expect(client.management.terms.token?.utf8.count == 64)
        }
    }

    @Test("XEP-0198 §4: a request before enabling, and elements only servers send, end the stream")
    func outOfPlace() throws {
        let elements: [StreamManagementElement] = [
            .request, .enabled(.init()), .resumed(token: "t", handled: 0),
            .failed(.itemNotFound, handled: nil),
        ]
        for element in elements {
            let server = try EmbeddedServer()
            let client = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
            client.write(element.element)
            try client.exchange()
            #expect(try client.errors().map(\.condition) == [.policyViolation])
        }
    }

    @Test("XEP-0198 §4: every stanza is counted, and answered for when asked")
    func counting() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        for number in 0..<10 { client.send(Self.chat("\(number)", to: nil)) }
        try client.exchange()
        #expect(client.bodies.count == 10)
        #expect(client.management.unacknowledgedCount == 0)
    }

    @Test("XEP-0198 §6: one who acknowledges what was never sent is told so, and closed")
    func handledCountTooHigh() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        client.write(StreamManagementElement.answer(handled: 99).element)
        try client.exchange()
        let error = try #require(try client.errors().first)
        #expect(error.condition == .undefinedCondition)
        #expect(error.detail?.name == "handled-count-too-high")
        #expect(error.detail?[attribute: "h"] == "99")
    }

    // MARK: Resuming

    /// Alice and Bob write to each other while Bob's connection breaks after so many bytes, again and again.
    @Test(
        "A connection that breaks at any byte loses nothing and duplicates nothing", arguments: 0..<16)
    func cutAnywhere(shard: Int) throws {
        // More bytes than the whole exchange has.
        for position in stride(from: shard, to: 2_600, by: 16) {
            let server = try EmbeddedServer()
            let alice = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
            let bob = try EmbeddedClient.online("bob", "phone", on: server)
            let (toBob, toAlice) = (try #require(bob.address), try #require(alice.address))
            var budget = position
            for number in 0..<6 {
                alice.send(Self.chat("a\(number)", to: toBob))
                bob.send(Self.chat("b\(number)", to: toAlice))
                try alice.exchange()
                budget = try bob.exchange(budget: budget, chunk: 61)
                guard budget == 0 else { continue }
                bob.cut(isNoticed: position.isMultiple(of: 2))
                try bob.resume()
                budget = position
            }
            try bob.exchange()
            try alice.exchange()
            try bob.exchange()
            let expected = (0..<6).map(String.init)
            #expect(bob.bodies == expected.map { "a" + $0 }, "cut after \(position) bytes")
            #expect(alice.bodies == expected.map { "b" + $0 }, "cut after \(position) bytes")
            #expect(bob.lost.isEmpty && bob.complaints.isEmpty)
        }
    }

    @Test(
        "XEP-0198 §5: a stream that is still open is closed with conflict when its session goes on elsewhere")
    func replaced() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        let old = client.wire
        client.cut(isNoticed: false)
        try client.resume()
        try client.exchange()
        #expect(client.others.contains { $0.name == "resumed" })
        let farewell = String(decoding: try old.read(), as: UTF8.self)
        #expect(farewell.contains("<conflict"))
        // What still arrives over the old connection is not the session's any more.
        try old.write(Array("<message to='bob@paris.test' type='chat'><body>late</body></message>".utf8))
        client.send(Self.chat("note", to: nil))
        try client.exchange()
        #expect(client.bodies == ["note"])
    }

    @Test("A session without its connection stays available to others")
    func presence() throws {
        let server = try EmbeddedServer()
        let desk = try EmbeddedClient.online("alice", "desk", on: server)
        let phone = try EmbeddedClient.online("alice", "phone", on: server)
        try desk.exchange()
        desk.inbox.removeAll()
        for _ in 0..<2 {
            phone.cut()
            for _ in 0..<299 {
                server.advance(by: .seconds(1))
                try desk.exchange()
            }
            #expect(desk.inbox.isEmpty)
            try phone.resume()
            try phone.exchange()
        }
        phone.cut()
        for _ in 0..<300 {
            server.advance(by: .seconds(1))
            try desk.exchange()
        }
        #expect(desk.inbox.compactMap(\.presenceValue?.kind) == [.unavailable])
    }

    @Test(
        "XEP-0198 §4: after the time to resume the session is over, and another client gets what it did not")
    func expiry() throws {
        let server = try EmbeddedServer()
        let phone = try EmbeddedClient.online("alice", "phone", on: server)
        phone.cut()
        let address = try #require(phone.address)
        server.shell.perform([.route(Self.chat("hello", to: address, from: EmbeddedServer.account("bob")))])
        let desk = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        #expect(desk.bodies == [])
        server.advance(by: .seconds(300))
        try desk.exchange()
        #expect(desk.bodies == ["hello"])
        let message = try #require(desk.inbox.compactMap(\.messageValue).first)
        #expect(try message.payloads.first(Delay.self)?.time.millisecondsSinceEpoch == 1_000_000)
        #expect(desk.inbox.contains { $0.presenceValue?.kind == .unavailable && $0.from == address })
        try phone.resume()
        try phone.exchange()
        #expect(try Self.failure(phone) == .itemNotFound)
    }

    @Test("XEP-0198 §7: a client that closes its stream ends its session")
    func cleanClose() throws {
        let server = try EmbeddedServer()
        let desk = try EmbeddedClient.online("alice", "desk", isManaged: false, on: server)
        let phone = try EmbeddedClient.online("alice", "phone", on: server)
        try phone.wire.write(Array("</stream:stream>".utf8))
        try desk.exchange()
        #expect(desk.inbox.contains { $0.presenceValue?.kind == .unavailable && $0.from == phone.address })
    }

    @Test("XEP-0198 §8: nobody resumes the session of another account, or with a name that was never given")
    func strangers() throws {
        let server = try EmbeddedServer()
        let alice = try EmbeddedClient.online("alice", "desk", on: server)
        let token = try #require(alice.management.terms.token)
        alice.cut()
        for (name, token) in [("bob", token), ("alice", String(token.dropLast()) + "!"), ("alice", "")] {
            let thief = try EmbeddedClient(name, on: server)
            thief.write(StreamManagementElement.resume(token: token, handled: 0).element)
            try thief.exchange()
            #expect(try Self.failure(thief) == .itemNotFound)
            // §5: and may bind instead.
            try thief.bind("other")
            #expect(thief.address != nil)
        }
        try alice.resume()
        try alice.exchange()
        #expect(alice.others.contains { $0.name == "resumed" })
    }

    @Test("XEP-0198 §5: one who has bound a resource cannot resume")
    func resumeAfterBinding() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        client.write(StreamManagementElement.resume(token: "t", handled: 0).element)
        try client.exchange()
        #expect(try Self.failure(client) == .unexpectedRequest)
        #expect(try client.errors().isEmpty)
    }

    @Test("XEP-0198 §6: a resumption with a count that cannot be is closed; the session stays as it was")
    func resumeTooHigh() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        let token = try #require(client.management.terms.token)
        client.cut()
        let liar = try EmbeddedClient("alice", on: server)
        liar.write(StreamManagementElement.resume(token: token, handled: 77).element)
        try liar.exchange()
        #expect(try liar.errors().first?.detail?.name == "handled-count-too-high")
        try client.resume()
        try client.exchange()
        #expect(client.others.contains { $0.name == "resumed" })
    }

    @Test("XEP-0198 §6: a request that cannot be read is answered with bad-request")
    func unreadable() throws {
        let server = try EmbeddedServer()
        let client = try EmbeddedClient("alice", on: server)
        client.write(Element("resume", namespace: Namespace.streamManagement))
        try client.exchange()
        #expect(try Self.failure(client) == .badRequest)
    }

    // MARK: Limits

    @Test("As much waits for a client without its connection as the limit says; one more ends the session")
    func hibernatedLimit() throws {
        let limits = SessionLimits(hibernated: .init(stanzas: 3, bytes: 1_000_000))
        for (count, goesOn) in [(3, true), (4, false)] {
            let server = try EmbeddedServer(sessions: limits)
            let client = try EmbeddedClient.online("alice", "desk", on: server)
            client.cut()
            let address = try #require(client.address)
            for number in 0..<count {
                server.shell.perform([
                    .route(Self.chat("\(number)", to: address, from: EmbeddedServer.account("bob")))
                ])
            }
            try client.resume()
            try client.exchange()
            #expect(client.others.contains { $0.name == "resumed" } == goesOn)
            #expect(client.bodies.count == (goesOn ? 3 : 0))
        }
    }

    @Test("A client that acknowledges nothing is closed when as much waits as may")
    func unacknowledgedLimit() throws {
        // One of the five is its own presence.
        let limits = SessionLimits(unacknowledged: .init(stanzas: 5, bytes: 1_000_000))
        let server = try EmbeddedServer(sessions: limits)
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        client.isAcknowledging = false
        for number in 0..<5 { client.send(Self.chat("\(number)", to: nil)) }
        try client.exchange()
        #expect(client.bodies.count == 5)
        #expect(try client.errors().isEmpty)
        client.send(Self.chat("5", to: nil))
        try client.exchange()
        #expect(client.bodies.count == 5)
        #expect(try client.errors().map(\.condition) == [.resourceConstraint])
    }

    @Test("So many sessions of an account wait for their clients; one more ends the one that waits longest")
    func hibernatedPerAccount() throws {
        let server = try EmbeddedServer(sessions: SessionLimits(hibernatedPerAccount: 2))
        let clients = try (0..<3).map { try EmbeddedClient.online("alice", "r\($0)", on: server) }
        for client in clients { client.cut() }
        for client in clients {
            try client.resume()
            try client.exchange()
        }
        #expect(clients.map { $0.others.contains { $0.name == "resumed" } } == [false, true, true])
    }

    @Test("The one that waits longest is whose connection broke first, whenever it was made")
    func longestAlone() throws {
        let server = try EmbeddedServer(sessions: SessionLimits(hibernatedPerAccount: 2))
        let clients = try (0..<3).map { try EmbeddedClient.online("alice", "r\($0)", on: server) }
        for client in clients.reversed() {
            client.cut()
            server.advance(by: .seconds(1))
        }
        for client in clients {
            try client.resume()
            try client.exchange()
        }
        #expect(clients.map { $0.others.contains { $0.name == "resumed" } } == [true, true, false])
    }

    @Test("Sessions that wait for their clients do not keep the account's new clients out")
    func roomForNewcomers() throws {
        let server = try EmbeddedServer(sessionsPerAccount: 2)
        let clients = try (0..<2).map { try EmbeddedClient.online("alice", "r\($0)", on: server) }
        clients[1].cut()
        #expect(try EmbeddedClient.online("alice", "new", on: server).address?.resource == "new")
        let refused = try EmbeddedClient("alice", on: server)
        try refused.bind("newer")
        #expect(refused.address == nil)
        #expect(refused.inbox.last?.errorCondition == .resourceConstraint)
    }

    @Test("A client that takes the resource of a session without its connection gets what waited for it")
    func displaced() throws {
        let server = try EmbeddedServer()
        let old = try EmbeddedClient.online("alice", "desk", on: server)
        old.cut()
        let address = try #require(old.address)
        server.shell.perform([.route(Self.chat("hello", to: address, from: EmbeddedServer.account("bob")))])
        let new = try EmbeddedClient.online("alice", "desk", on: server)
        #expect(new.bodies == ["hello"])
        try old.resume()
        try old.exchange()
        #expect(try Self.failure(old) == .itemNotFound)
    }
}
