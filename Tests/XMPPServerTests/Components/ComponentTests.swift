import NIOCore
import Testing
import XML
import XMPP
import XMPPTransport

@testable import XMPPServer

@Suite("External components of our own server")
struct ComponentTests {
    private static let domain = "tokyo.paris.test"
    private static let paris = JID(preparedLocal: nil, domain: "paris.test", resource: nil)

    private func run(
        components: [String: String] = [Self.domain: "s3cret"], limits: ServerLimits = ServerLimits(),
        _ body: (TestServer) async throws -> Void
    ) async throws {
        try await TestServer.run(limits: limits, components: components, body)
    }

    private func request(_ id: String, from: JID, text: String = "") -> Stanza {
        .iq(
            IQ(
                to: Self.paris, from: from, id: id,
                body: .set(Element("order", namespace: "urn:example:echo", text: text))))
    }

    // MARK: The stream

    @Test("XEP-0114 §3: a domain nobody configured is host-unknown, a wrong secret not-authorized")
    func refusals() async throws {
        try await self.run { server in
            let (unknown, _) = try await TestComponent.open("rome.paris.test", to: server)
            #expect(try await unknown.client.nextStreamError().condition == .hostUnknown)
            let (accounts, _) = try await TestComponent.open("paris.test", to: server)
            #expect(try await accounts.client.nextStreamError().condition == .hostUnknown)
            let (guessed, id) = try await TestComponent.open(Self.domain, to: server)
            try guessed.shakeHands(id: id, secret: "guess")
            #expect(try await guessed.client.nextStreamError().condition == .notAuthorized)
            let (hasty, _) = try await TestComponent.open(Self.domain, to: server)
            try hasty.send(self.request("1", from: hasty.domain))
            #expect(try await hasty.client.nextStreamError().condition == .notAuthorized)
        }
    }

    @Test("XEP-0114 §3: the id of a stream, from which the handshake is made, is never given twice")
    func ids() async throws {
        try await self.run { server in
            let (_, first) = try await TestComponent.open(Self.domain, to: server)
            let (second, other) = try await TestComponent.open(Self.domain, to: server)
            #expect(!first.isEmpty && first != other)
            try second.shakeHands(id: first, secret: "s3cret")
            #expect(try await second.client.nextStreamError().condition == .notAuthorized)
        }
    }

    @Test(
        "RFC 6120 §4.9.3.3: whoever comes second for a component's domain has a conflict; the first goes on")
    func conflict() async throws {
        try await self.run { server in
            let first = try await TestComponent.connect(to: server)
            let (second, id) = try await TestComponent.open(Self.domain, to: server)
            try second.shakeHands(id: id, secret: "s3cret")
            #expect(try await second.client.nextStreamError().condition == .conflict)
            try first.send(self.request("1", from: first.domain))
            #expect(try await first.client.next().from == Self.paris)
        }
    }

    @Test("A domain is free again once its component is gone")
    func comesBack() async throws {
        try await self.run { server in
            let first = try await TestComponent.connect(to: server)
            first.client.send(bytes: "</stream:stream>")
            // The server's own end of the stream follows when it has let go of the domain.
            await #expect(throws: (any Error).self) { try await first.client.nextElement() }
            let second = try await TestComponent.connect(to: server)
            try second.send(self.request("1", from: second.domain))
            #expect(try await second.client.next().from == Self.paris)
        }
    }

    // MARK: What a component says

    @Test(
        "RFC 6120 §4.9.3.9: a component that speaks for a domain not its own is closed, heard by nobody",
        arguments: [
            "paris.test", "alice@paris.test", "rome.test", "x.tokyo.paris.test", "tokyo.paris.test.rome.test",
        ])
    func foreignSender(sender: String) async throws {
        try await self.run { server in
            let component = try await TestComponent.connect(to: server)
            try component.send(self.request("1", from: try JID(sender)))
            #expect(try await component.client.nextStreamError().condition == .invalidFrom)
        }
    }

    @Test("RFC 6120 §8.1.2.2: a component's stanza without 'from', or without 'to', ends its stream")
    func unaddressed() async throws {
        try await self.run { server in
            let silent = try await TestComponent.connect(to: server)
            silent.client.send(bytes: "<message to='alice@paris.test'><body>x</body></message>")
            #expect(try await silent.client.nextStreamError().condition == .invalidFrom)
        }
        try await self.run { server in
            let lost = try await TestComponent.connect(to: server)
            lost.client.send(bytes: "<message from='tokyo.paris.test'><body>x</body></message>")
            #expect(try await lost.client.nextStreamError().condition == .improperAddressing)
        }
    }

    @Test("XEP-0114 §3: any address in its domain is the component's to speak as")
    func addresses() async throws {
        try await self.run { server in
            let component = try await TestComponent.connect(to: server)
            let (alice, address) = try await TestClient.online("alice", to: server)
            let speaker = try JID("oracle@tokyo.paris.test/desk")
            try component.send(.message(Message(to: address, from: speaker, body: "know thyself")))
            #expect(try await alice.nextMessage().from == speaker)
            try alice.send(.message(Message(to: speaker, body: "why?")))
            guard case .message(let question) = try await component.client.next() else {
                Issue.record("no message")
                return
            }
            #expect(question.from == address && question.to == speaker && question.body == "why?")
        }
    }

    @Test("XEP-0114: components reach each other, and other servers by the domain's own certificate")
    func elsewhere() async throws {
        let ports = try await TestServer.freePorts(2)
        let routes = [
            "paris.test": [Route(host: "127.0.0.1", port: ports[0])],
            Self.domain: [Route(host: "127.0.0.1", port: ports[0])],
            "rome.test": [Route(host: "127.0.0.1", port: ports[1])],
        ]
        let secrets = [Self.domain: "s3cret", "kyoto.paris.test": "other"]
        try await TestServer.run(serverPort: ports[0], routes: routes, components: secrets) { paris in
            let tokyo = try await TestComponent.connect(to: paris)
            let kyoto = try await TestComponent.connect("kyoto.paris.test", to: paris, secret: "other")
            try tokyo.send(.message(Message(to: kyoto.domain, from: tokyo.domain, body: "neighbour")))
            #expect(try await kyoto.client.next().from == tokyo.domain)
            try await TestServer.run("rome.test", serverPort: ports[1], routes: routes) { rome in
                let (bob, address) = try await TestClient.online("bob", to: rome)
                try tokyo.send(.message(Message(to: address, from: tokyo.domain, body: "salve")))
                #expect(try await bob.nextMessage().from == tokyo.domain)
                try bob.send(.message(Message(to: tokyo.domain, body: "vale")))
                #expect(try await tokyo.client.next().from == address)
            }
        }
    }

    // MARK: Limits

    /// A request of exactly so many bytes.
    private func request(bytes: Int) -> String {
        let head =
            "<iq type='set' id='1' from='\(Self.domain)' to='paris.test'><order xmlns='urn:example:echo'>"
        let tail = "</order></iq>"
        return head + String(repeating: "x", count: bytes - head.utf8.count - tail.utf8.count) + tail
    }

    @Test("RFC 6120 §13.12: a component's stanza has 524,288 bytes at most; one more ends the stream")
    func stanzaSize() async throws {
        #expect(TransportLimits().remote.stanzaBytes == 524_288)
        try await self.run { server in
            let component = try await TestComponent.connect(to: server)
            component.client.send(bytes: self.request(bytes: 524_288))
            #expect(try await component.client.next().from == Self.paris)
            component.client.send(bytes: self.request(bytes: 524_289))
            #expect(try await component.client.nextStreamError().condition == .policyViolation)
        }
    }

    @Test("RFC 6120 §13.12: what a component nests too deep ends its stream")
    func depth() async throws {
        let deepest = TransportLimits().remote.depth
        func nested(_ depth: Int) -> String {
            // The request is a level itself, the stream is none.
            let levels = depth - 1
            return "<iq type='set' id='1' from='\(Self.domain)' to='paris.test'>"
                + String(repeating: "<a xmlns='urn:example:echo'>", count: 1)
                + String(repeating: "<a>", count: levels - 1) + String(repeating: "</a>", count: levels)
                + "</iq>"
        }
        try await self.run { server in
            let component = try await TestComponent.connect(to: server)
            component.client.send(bytes: nested(deepest))
            #expect(try await component.client.next().from == Self.paris)
            component.client.send(bytes: nested(deepest + 1))
            #expect(try await component.client.nextStreamError().condition == .policyViolation)
        }
    }

    @Test(
        "RFC 6120 §13.12: what waits for a component is bounded; one stanza more ends its stream, and its sender hears"
    )
    func slowness() async throws {
        var limits = ServerLimits()
        limits.transport.burstBytes = 20_000
        try await self.run(limits: limits) { server in
            let component = try await TestComponent.connect(to: server)
            let (alice, _) = try await TestClient.online("alice", to: server)
            let text = String(repeating: "x", count: 20_001)
            try alice.send(.message(Message(to: component.domain, id: "big", body: text)))
            #expect(try await component.client.nextStreamError().condition == .resourceConstraint)
            let answer = try await alice.nextMessage()
            #expect(answer.kind == .error && answer.id == "big" && answer.from == component.domain)
        }
    }

    @Test(
        "RFC 6120 §4.6.4: a component that is silent for long is asked, and its domain is free if it says nothing"
    )
    func silence() async throws {
        var limits = ServerLimits()
        limits.transport.keepalive = .milliseconds(100)
        limits.transport.clientSilence = .milliseconds(100)
        limits.transport.clientAnswer = .milliseconds(100)
        try await self.run(limits: limits) { server in
            let component = try await TestComponent.connect(to: server)
            guard case .iq(let ping) = try await component.client.next() else {
                Issue.record("it was not asked")
                return
            }
            #expect(ping.from == Self.paris && ping.request.map(Ping.matches) == true)
            #expect(try await component.client.nextStreamError().condition == .connectionTimeout)
        }
    }

    // MARK: What others see of it

    @Test("XEP-0030 §4: the domain lists its components among its items")
    func items() async throws {
        try await self.run { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let answer = try await alice.ask(IQ(to: Self.paris, id: "1", body: .get(DiscoItems().element)))
            guard case .result(.some(let element)) = answer.body else {
                Issue.record("no items")
                return
            }
            #expect(try DiscoItems(parsing: element).items.contains { $0.address.description == Self.domain })
        }
    }

    @Test("RFC 6120 §8.3.3.19: what is for a component that is away comes back; what is no request does not")
    func away() async throws {
        try await self.run { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let domain = try JID(Self.domain)
            try alice.send(.presence(Presence(to: domain)))
            try alice.send(.message(Message(to: domain, id: "m", body: "anybody?")))
            let answer = try await alice.nextMessage()
            #expect(answer.kind == .error && answer.id == "m" && answer.from == domain)
            let error = await #expect(throws: StanzaError.self) {
                let answer = try await alice.ask(
                    IQ(to: domain, id: "i", body: .get(Element("order", namespace: "urn:example:echo"))))
                if case .error(let error) = answer.body { throw error }
            }
            #expect(error?.condition == .serviceUnavailable && error?.kind == .wait)
        }
    }

    @Test(
        "A component's domain is its own: not the accounts', not an account, and not without a secret",
        arguments: [("paris.test", "s"), ("alice@paris.test", "s"), ("tokyo.paris.test", "")])
    func configuration(name: String, secret: String) async throws {
        await #expect(throws: XMPPServer.ConfigurationError.self) {
            try await self.run(components: [name: secret]) { _ in }
        }
    }
}
