import Storage
import Synchronization
import Testing
import XML
import XMPP
import XMPPTransport

@testable import XMPPServer

@Suite("Chat and presence through whole servers")
struct ChatTests {
    @Test func messagesGoToBareAndFullAddresses() async throws {
        try await TestServer.run { server in
            let (alice, sender) = try await TestClient.online("alice", to: server)
            let (bob, address) = try await TestClient.online("bob", to: server)
            try alice.send(.message(Message(to: address, id: "1", body: "full")))
            try alice.send(.message(Message(to: address.bare, id: "2", body: "bare <&> \u{1F600}")))
            let first = try await bob.nextMessage()
            #expect(first.from == sender)
            #expect(first.body == "full")
            #expect(try await bob.nextMessage().body == "bare <&> \u{1F600}")
        }
    }

    @Test func messagesOutliveTheServer() async throws {
        let database = try Database()
        try await TestServer.run(database: database) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            for number in 1...5 {
                try alice.send(.message(Message(to: try JID("bob@paris.test"), body: "m\(number)")))
            }
            // The answer comes after the messages have been dealt with.
            _ = try await alice.ask(IQ(to: try JID("paris.test"), id: "p", body: .get(Ping().element)))
        }
        try await TestServer.run(database: database) { server in
            let (bob, _) = try await TestClient.login("bob", to: server)
            try bob.send(.presence(Presence(to: nil)))
            for number in 1...5 {
                let message = try await bob.nextMessage()
                #expect(message.body == "m\(number)")
                let delay = try #require(try message.payloads.first(Delay.self))
                #expect(delay.from?.description == "paris.test")
                #expect(delay.time.millisecondsSinceEpoch == 1_764_000_000_000)
            }
        }
    }

    @Test func rostersOutliveTheServer() async throws {
        let database = try Database()
        let carol = try JID("carol@tokyo.test")
        try await TestServer.run(database: database) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let item = RosterQuery.Item(address: carol, name: "Carol", groups: ["ops"])
            let answer = try await alice.ask(
                IQ(to: nil, id: "set", body: .set(RosterQuery(items: [item]).element)))
            #expect(answer.body == .result(nil))
        }
        try await TestServer.run(database: database) { server in
            let (alice, _) = try await TestClient.login("alice", to: server)
            let answer = try await alice.ask(
                IQ(to: nil, id: "get", body: .get(RosterQuery(version: "").element)))
            guard case .result(.some(let element)) = answer.body else {
                Issue.record("no roster")
                return
            }
            let roster = try RosterQuery(parsing: element)
            #expect(roster.items.map(\.name) == ["Carol"])
            #expect(roster.version == "1")
        }
    }

    @Test func theServiceChatsAndIsInTheRoster() async throws {
        try await TestServer.run { server in
            let (alice, address) = try await TestClient.online("alice", to: server)
            let service = try JID("paris.test")
            try alice.send(.presence(Presence(to: service, kind: .subscribe)))
            #expect(try await alice.nextPresence().kind == .subscribed)
            #expect(try await alice.nextPresence().kind == .available)
            try alice.send(.message(Message(to: service, body: "help")))
            let answer = try await alice.nextMessage()
            #expect(answer.from == service)
            #expect(answer.body == "you said: help")
            let asked = try await alice.ask(
                IQ(to: service, id: "c", body: .set(Element("command", namespace: Namespace.commands))))
            #expect(asked.body == .result(nil))

            // And the other way round: the service asks the client.
            async let pong = server.server.link.request(
                IQ(to: address, id: "ping-1", body: .get(Ping().element)), timeout: .seconds(30))
            let ping = try await alice.next { $0.id == "ping-1" }
            guard case .iq(let iq) = ping else { return }
            try alice.send(.iq(iq.reply(.result(nil))))
            #expect(try await pong.from == address)
        }
    }

    @Test func aRequestThatNobodyAnswersTimesOut() async throws {
        try await TestServer.run { server in
            let (_, address) = try await TestClient.online("alice", to: server)
            let error = await #expect(throws: StanzaError.self) {
                _ = try await server.server.link.request(
                    IQ(to: address, id: "q", body: .get(Ping().element)), timeout: .milliseconds(1))
            }
            #expect(error?.condition == .remoteServerTimeout)
        }
    }

    @Test func theServiceCannotSpeakForOthers() async throws {
        try await TestServer.run { server in
            await #expect(throws: StanzaError.self) {
                try await server.server.link.send(
                    .message(
                        Message(to: try JID("bob@paris.test"), from: try JID("alice@paris.test"), body: "x")))
            }
        }
    }

    /// Two servers that reach each other.
    func federate(_ body: (TestServer, TestServer) async throws -> Void) async throws {
        let ports = try await TestServer.freePorts(2)
        let routes = [
            "paris.test": [Route(host: "127.0.0.1", port: ports[0])],
            "tokyo.test": [Route(host: "127.0.0.1", port: ports[1])],
        ]
        try await TestServer.run("paris.test", serverPort: ports[0], routes: routes) { paris in
            try await TestServer.run("tokyo.test", serverPort: ports[1], routes: routes) { tokyo in
                try await body(paris, tokyo)
            }
        }
    }

    @Test func peopleOfTwoDomainsSeeAndHearEachOther() async throws {
        try await self.federate { paris, tokyo in
            let (alice, aliceAddress) = try await TestClient.online("alice", to: paris)
            let (bob, bobAddress) = try await TestClient.online("bob", to: tokyo)
            try alice.send(.presence(Presence(to: bobAddress.bare, kind: .subscribe)))
            let request = try await bob.nextPresence()
            #expect(request.kind == .subscribe)
            #expect(request.from == aliceAddress.bare)
            try bob.send(.presence(Presence(to: aliceAddress.bare, kind: .subscribed)))
            #expect(try await alice.nextPresence().kind == .subscribed)
            let there = try await alice.nextPresence()
            #expect(there.kind == .available)
            #expect(there.from == bobAddress)

            try alice.send(.message(Message(to: bobAddress, body: "bonjour")))
            #expect(try await bob.nextMessage().from == aliceAddress)
            try bob.send(.message(Message(to: aliceAddress.bare, body: "konnichiwa")))
            #expect(try await alice.nextMessage().body == "konnichiwa")

            bob.close()
            #expect(try await alice.nextPresence().kind == .unavailable)
        }
    }

    @Test func aServiceIsReachedFromAnotherDomain() async throws {
        try await self.federate { paris, tokyo in
            let (bob, address) = try await TestClient.online("bob", to: tokyo)
            let service = try JID("paris.test")
            try bob.send(.message(Message(to: service, body: "help")))
            #expect(try await bob.nextMessage().body == "you said: help")
            #expect(try await paris.service.heard.next().from == address)

            let answer = try await tokyo.server.link.request(
                IQ(to: service, id: "disco", body: .get(DiscoInfo().element)), timeout: .seconds(30))
            guard case .result(.some(let element)) = answer.body else {
                Issue.record("no answer")
                return
            }
            #expect(try DiscoInfo(parsing: element).features.contains("urn:example:echo"))
        }
    }

    @Test func whoCannotBeReachedIsSaid() async throws {
        let ports = try await TestServer.freePorts(1)
        let routes = ["tokyo.test": [Route(host: "127.0.0.1", port: ports[0])]]
        try await TestServer.run(routes: routes) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            try alice.send(.message(Message(to: try JID("bob@tokyo.test"), id: "lost", body: "anyone?")))
            let bounced = try await alice.nextMessage()
            #expect(bounced.kind == .error)
            #expect(bounced.id == "lost")
            await #expect(throws: StanzaError.self) {
                _ = try await server.server.link.request(
                    IQ(to: try JID("tokyo.test"), id: "1", body: .get(Ping().element)), timeout: .seconds(30))
            }
        }
    }
}
