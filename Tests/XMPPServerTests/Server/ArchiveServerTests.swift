import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Archives and nodes through whole servers", .timeLimit(.minutes(2)))
struct ArchiveServerTests {
    static let bob = JID(preparedLocal: "bob", domain: "paris.test", resource: nil)

    /// The bodies of one page of the client's own archive, and its end.
    static func page(
        _ client: TestClient, _ page: ResultSet
    ) async throws -> (bodies: [String], fin: ArchiveFin) {
        let query = ArchiveQuery(id: "q", page: page)
        try client.send(.iq(IQ(to: nil, id: "page", body: .set(query.element))))
        var bodies: [String] = []
        while true {
            switch try await client.next() {
            case .message(let message):
                guard let result = try message.payloads.first(ArchiveResult.self) else { continue }
                bodies.append(result.forwarded.stanza.child("body")?.text ?? "")
            case .iq(let iq) where iq.id == "page":
                return (bodies, try ArchiveFin(parsing: try #require(iq.result)))
            case .iq, .presence: continue
            }
        }
    }

    @Test(
        "Many messages at once arrive in order, each with an id under which it is in the archive, also later")
    func inOrder() async throws {
        let database = try Database()
        let count = 200
        var ids: [String] = []
        try await TestServer.run(
            database: database, limits: ServerLimits(archive: ArchiveLimits(waitingPerStream: 3))
        ) {
            server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let (bob, _) = try await TestClient.online("bob", to: server)
            for number in 1...count { try alice.send(.message(Message(to: Self.bob, body: "\(number)"))) }
            for number in 1...count {
                let message = try await bob.nextMessage()
                #expect(message.body == "\(number)")
                ids.append(try #require(try message.payloads.first(StanzaID.self)).id)
            }
            // What a stream has just sent is found by the query behind it.
            try alice.send(.message(Message(to: Self.bob, body: "last")))
            let last = try await Self.page(alice, ResultSet(max: 1, .last))
            #expect(last.bodies == ["last"])
        }
        try await TestServer.run(database: database) { server in
            let (bob, _) = try await TestClient.login("bob", to: server)
            let next = try await Self.page(bob, ResultSet(max: 3, .after(ids[96])))
            #expect(next.bodies == ["98", "99", "100"])
            #expect(next.fin.page.first?.id == ids[97])
            #expect(!next.fin.isComplete)
            let rest = try await Self.page(bob, ResultSet(max: 3, .after(ids[count - 1])))
            #expect(rest.bodies == ["last"])
            #expect(rest.fin.isComplete)
        }
    }

    @Test("What is kept for somebody who is away is in the archive too, under the id it comes with")
    func offline() async throws {
        try await TestServer.run { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            try alice.send(.message(Message(to: Self.bob, body: "later")))
            _ = try await alice.ask(IQ(to: try JID("paris.test"), id: "p", body: .get(Ping().element)))
            let (bob, _) = try await TestClient.login("bob", to: server)
            try bob.send(.presence(Presence(to: nil)))
            let id = try #require(try await bob.nextMessage().payloads.first(StanzaID.self))
            let page = try await Self.page(bob, ResultSet(max: 1, .last))
            #expect(page.bodies == ["later"])
            #expect(page.fin.page.last == id.id)
        }
    }

    @Test("An account that is deleted takes its archive and its nodes with it")
    func deletion() async throws {
        try await TestServer.run { server in
            let (bob, _) = try await TestClient.online("bob", to: server)
            try bob.send(.message(Message(to: Self.bob, body: "note")))
            _ = try await bob.nextMessage()
            let publish = PubSub(.publish(node: "n", [PubSubBench.item("a")], options: nil))
            #expect(try await bob.ask(IQ(to: nil, id: "x", body: .set(publish.element))).result != nil)
            try await server.server.accounts.delete("bob")
            try await server.server.accounts.create("bob", password: TestServer.password)
            let (again, _) = try await TestClient.online("bob", to: server)
            #expect(try await Self.page(again, ResultSet(.last)).bodies.isEmpty)
            let read = PubSub(.items(node: "n", [], most: nil, page: nil))
            let answer = try await again.ask(IQ(to: nil, id: "y", body: .get(read.element)))
            #expect(Stanza.iq(answer).errorCondition == .itemNotFound)
        }
    }

    @Test("Nodes, their items and subscribers outlive the server")
    func nodes() async throws {
        let database = try Database()
        let feeds = try JID("feeds.paris.test")
        try await TestServer.run(database: database) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let (bob, _) = try await TestClient.online("bob", to: server)
            let publish = PubSub(.publish(node: "news", [PubSubBench.item("one")], options: nil))
            #expect(try await alice.ask(IQ(to: feeds, id: "x", body: .set(publish.element))).result != nil)
            let subscribe = PubSub(.subscribe(node: "news", address: Self.bob, options: nil))
            #expect(try await bob.ask(IQ(to: feeds, id: "y", body: .set(subscribe.element))).result != nil)
        }
        try await TestServer.run(database: database) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let (bob, _) = try await TestClient.online("bob", to: server)
            let publish = PubSub(.publish(node: "news", [PubSubBench.item("two")], options: nil))
            #expect(try await alice.ask(IQ(to: feeds, id: "x", body: .set(publish.element))).result != nil)
            let event = try await bob.nextMessage()
            #expect(event.from == feeds)
            let content = try #require(try event.payloads.first(PubSubEvent.self)).content
            #expect(content == .items(node: "news", [PubSubBench.item("two")]))
            let read = PubSub(.items(node: "news", [], most: nil, page: nil))
            let answer = try await bob.ask(IQ(to: feeds, id: "z", body: .get(read.element)))
            guard
                case .items(_, let items, _, _) = try PubSub(parsing: try #require(answer.result)).content
            else { return }
            #expect(items.map(\.id) == ["one", "two"])
        }
    }
}
