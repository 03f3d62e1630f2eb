import Storage
import Testing
import XML
import XMPP
import XMPPTransport

@testable import XMPPServer

@Suite("Rooms of whole servers", .timeLimit(.minutes(2)))
struct RoomServerTests {
    static let rooms = RoomHosting.beside("paris.test")

    static func enter(_ client: TestClient, as nickname: String) throws {
        try client.send(
            .presence(Presence(to: RoomBench.occupant(nickname), payloads: [RoomEntry().element])))
    }

    /// The next presence of an occupant in the room.
    static func presence(of nickname: String, at client: TestClient) async throws -> Presence {
        while true {
            let presence = try await client.nextPresence()
            if presence.from == RoomBench.occupant(nickname) { return presence }
        }
    }

    @discardableResult
    static func configure(_ client: TestClient, _ fields: [DataForm.Field] = []) async throws -> IQ.Body {
        let form = RoomOwnership(form: DataForm(.submit, fields: fields)).element
        return try await client.ask(IQ(to: RoomBench.room, id: "configure", body: .set(form))).body
    }

    @Test("Nobody logs in at the rooms' domain, though servers reach it there")
    func noLogin() async throws {
        try await TestServer.run(rooms: Self.rooms) { server in
            let client = try await TestClient(port: server.clientPort, domain: "rooms.paris.test")
            await #expect(throws: (any Error).self) { try await client.open() }
            let other = try await TestClient.online("alice", to: server)
            #expect(other.address.bare.description == "alice@paris.test")
        }
    }

    @Test("People of two servers talk in a room, and the end of the server is told to those elsewhere")
    func federation() async throws {
        let ports = try await TestServer.freePorts(2)
        let routes = [
            "paris.test": [Route(host: "127.0.0.1", port: ports[0])],
            "rooms.paris.test": [Route(host: "127.0.0.1", port: ports[0])],
            "tokyo.test": [Route(host: "127.0.0.1", port: ports[1])],
        ]
        try await TestServer.run("tokyo.test", serverPort: ports[1], routes: routes) { tokyo in
            let (bob, _) = try await TestClient.online("bob", to: tokyo)
            try await TestServer.run(
                "paris.test", serverPort: ports[0], routes: routes, rooms: Self.rooms
            ) { paris in
                let (alice, _) = try await TestClient.online("alice", to: paris)
                try Self.enter(alice, as: "alice")
                try await Self.configure(alice)
                try Self.enter(bob, as: "bob")
                #expect(try await Self.presence(of: "bob", at: alice).kind == .available)
                try bob.send(.message(Message(to: RoomBench.room, kind: .groupchat, body: "konnichiwa")))
                let heard = try await alice.next { $0.messageValue?.body != nil }
                #expect(heard.messageValue?.body == "konnichiwa")
                #expect(heard.from == RoomBench.occupant("bob"))
                // The way back is open once he hears himself: what waits for a stream when a server ends is lost.
                _ = try await bob.next { $0.messageValue?.body == "konnichiwa" }
            }
            var last = try await Self.presence(of: "bob", at: bob)
            while last.kind == .available { last = try await Self.presence(of: "bob", at: bob) }
            #expect(Stanza.presence(last).statuses == [.isSelf, .serviceShutsDown])
        }
    }

    @Test("A persistent room is there after a restart")
    func restart() async throws {
        let database = try Database()
        try await TestServer.run(database: database, rooms: Self.rooms) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            try Self.enter(alice, as: "alice")
            let fields = [
                DataForm.Field("muc#roomconfig_persistentroom", values: ["1"]),
                DataForm.Field("muc#roomconfig_roomname", values: ["A Dark Cave"]),
            ]
            #expect(try await Self.configure(alice, fields) == .result(nil))
        }
        try await TestServer.run(database: database, rooms: Self.rooms) { server in
            let (bob, _) = try await TestClient.online("bob", to: server)
            let answer = try await bob.ask(
                IQ(to: RoomBench.domain, id: "list", body: .get(DiscoItems().element)))
            guard case .result(let element?) = answer.body else {
                Issue.record("\(answer.body)")
                return
            }
            #expect(
                try DiscoItems(parsing: element).items == [
                    .init(address: RoomBench.room, name: "A Dark Cave")
                ])
            try Self.enter(bob, as: "bob")
            let own = try await Self.presence(of: "bob", at: bob)
            #expect(Stanza.presence(own).notice?.item?.affiliation == .unaffiliated)
        }
    }
}
