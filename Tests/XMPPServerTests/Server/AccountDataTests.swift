import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

/// What an account leaves with the server, over real streams and a real disk.
@Suite struct AccountDataTests {
    static let card = Element(
        "vCard", namespace: "vcard-temp", [:], [Element("FN", namespace: "vcard-temp", text: "Alice & Co")])

    func set(_ element: Element, _ id: String) -> IQ { IQ(to: nil, id: id, body: .set(element)) }

    func get(_ element: Element, _ id: String, to: JID? = nil) -> IQ {
        IQ(to: to, id: id, body: .get(element))
    }

    @Test("vCard, private data and block list survive a restart; a changed password counts at once")
    func survival() async throws {
        let database = try Database()
        let question = Element("vCard", namespace: "vcard-temp")
        let note = Element("note", namespace: "urn:example:notes", text: "milk")
        let stored = Element("query", namespace: Namespace.privateData, [:], [note])
        let asked = Element(
            "query", namespace: Namespace.privateData, [:], [Element("note", namespace: "urn:example:notes")])
        let blocked = [try JID("mallory@evil.test")]
        try await TestServer.run(database: database) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            for (index, element) in [Self.card, stored, Block(blocked).element].enumerated() {
                #expect(try await alice.ask(self.set(element, "s\(index)")).body == .result(nil))
            }
            let change = Registration(username: "alice", password: "another password")
            #expect(try await alice.ask(self.set(change.element, "p")).body == .result(nil))
            // Bob has not changed his lately, so it is for its weakness that it is refused.
            let (bob, _) = try await TestClient.online("bob", to: server)
            let weak = Registration(username: "bob", password: "x")
            #expect(
                Stanza.iq(try await bob.ask(self.set(weak.element, "w"))).errorCondition == .notAcceptable)
        }
        try await TestServer.run(database: database) { server in
            let (alice, address) = try await TestClient.login(
                "alice", to: server, password: "another password")
            #expect(try await alice.ask(self.get(question, "v")).body == .result(Self.card))
            #expect(try await alice.ask(self.get(asked, "n")).body == .result(stored))
            #expect(
                try await alice.ask(self.get(BlockListQuery().element, "b")).body
                    == .result(BlockListQuery(blocked).element))
            let (bob, _) = try await TestClient.online("bob", to: server)
            #expect(try await bob.ask(self.get(question, "v", to: address.bare)).body == .result(Self.card))
            let removal = Registration(isRemoval: true)
            #expect(try await alice.ask(self.set(removal.element, "r")).body == .result(nil))
            #expect(try await alice.nextStreamError().condition == .notAuthorized)
            #expect(server.server.accounts.list().map(\.address.local) == ["bob"])
        }
    }

    @Test("RFC 6120 §7.1, §8.1.2: Nothing but a resource is heard before one is bound")
    func beforeBinding() async throws {
        for stanza in [
            Stanza.presence(Presence(to: nil)), .message(Message(to: nil, id: "m", body: "hello")),
            .iq(self.get(Ping().element, "p")),
        ] {
            try await TestServer.run { server in
                let client = try await TestClient(port: server.clientPort, domain: server.domain)
                _ = try await client.authenticate("alice", password: TestServer.password)
                _ = try await client.open()
                try client.send(stanza)
                #expect(try await client.nextStreamError().condition == .notAuthorized)
            }
        }
    }

    @Test(
        "RFC 6120 §8.2.3: A request without id or with other than one child is a bad request; the stream goes on"
    )
    func malformedRequests() async throws {
        try await TestServer.run { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let ping = "<ping xmlns='urn:xmpp:ping'/>"
            for bytes in [
                "<iq type='get' id='a'/>",
                "<iq type='set' id='b'>\(ping)\(ping)</iq>", "<iq type='ask' id='c'>\(ping)</iq>",
            ] {
                alice.send(bytes: bytes)
                #expect(try await alice.next().errorCondition == .badRequest)
            }
            alice.send(bytes: "<iq type='get'>\(ping)</iq>")
            // Without an id the answer has none either, and is no stanza one could read.
            #expect(try await alice.nextElement()[attribute: "type"] == "error")
            #expect(try await alice.ask(self.get(Ping().element, "p")).body == .result(nil))
        }
    }
}
