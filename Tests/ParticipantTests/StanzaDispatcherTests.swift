import CloudModel
import Logging
import Synchronization
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Dispatch")
struct StanzaDispatcherTests {
    private struct Echo: IQResponder {
        func respond(to iq: IQ, request: Element, from: JID) async throws(StanzaError) -> Element? {
            guard request[attribute: "fail"] == nil else { throw StanzaError(.notAllowed) }
            return request
        }
    }

    /// Answers when the process ends: until then every request stays under way.
    private struct Silent: IQResponder {
        func respond(to iq: IQ, request: Element, from: JID) async throws(StanzaError) -> Element? {
            let (never, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            for await _ in never {}
            continuation.finish()
            return nil
        }
    }

    private let network = FakeNetwork()
    private let alice = JID(preparedLocal: "alice", domain: "client.test", resource: nil)
    private let here = JID(preparedLocal: nil, domain: "here.test", resource: nil)

    private func makeDispatcher(_ limits: StanzaDispatcher.Limits = .init()) -> (StanzaDispatcher, FakeLink) {
        let dispatcher = StanzaDispatcher(
            identity: DiscoInfo.Identity(category: "automation", type: "tradewind"),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), limits: limits)
        let link = FakeLink(address: self.here, network: self.network)
        link.handle(with: dispatcher)
        return (dispatcher, FakeLink(address: self.alice, network: self.network))
    }

    private func ask(_ link: FakeLink, _ body: IQ.Body, id: String = "1") async throws -> Element? {
        switch try await link.request(IQ(to: self.here, id: id, body: body), timeout: .seconds(1)).body {
        case .result(let element): element
        case .error(let error): throw error
        case .get, .set: nil
        }
    }

    @Test("Requests go to who registered; all others are answered all the same")
    func requests() async throws {
        let (dispatcher, client) = self.makeDispatcher()
        dispatcher.register(Echo(), name: "echo", namespace: "urn:example", feature: "urn:example")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            let echo = Element("echo", namespace: "urn:example")
            #expect(try await self.ask(client, .set(echo)) == echo)
            var failing = echo
            failing[attribute: "fail"] = "1"
            await #expect(throws: StanzaError(.notAllowed)) { try await self.ask(client, .get(failing)) }
            let unknown = await #expect(throws: StanzaError.self) {
                try await self.ask(client, .get(Element("other", namespace: "urn:example")))
            }
            #expect(unknown?.condition == .serviceUnavailable)
            #expect(try await self.ask(client, .get(Ping().element)) == nil)
            let answer = try #require(try await self.ask(client, .get(DiscoInfo().element)))
            let info = try DiscoInfo(parsing: answer)
            #expect(info.features == dispatcher.features && info.features.contains("urn:example"))
            let items = try #require(try await self.ask(client, .get(DiscoItems().element)))
            #expect(try DiscoItems(parsing: items).items.isEmpty)
            group.cancelAll()
        }
    }

    @Test("Messages go by payload, then by body; errors go nowhere")
    func messages() async throws {
        let (dispatcher, client) = self.makeDispatcher()
        let seen = Mutex<[String]>([])
        dispatcher.register(message: "note", namespace: "urn:example") { _, _, from in
            seen.withLock { $0.append("note from \(from)") }
        }
        dispatcher.registerChat { message in seen.withLock { $0.append("chat \(message.body ?? "")") } }
        dispatcher.registerPresence { presence in seen.withLock { $0.append("presence \(presence.kind)") } }
        let note = Element("note", namespace: "urn:example")
        try await client.send(.message(Message(to: self.here, kind: .normal, payloads: [note])))
        try await client.send(.message(Message(to: self.here, body: "help")))
        try await client.send(.message(Message(to: self.here, kind: .error, payloads: [note])))
        try await client.send(.presence(Presence(to: self.here)))
        #expect(seen.withLock { $0 } == ["note from alice@client.test", "chat help", "presence available"])
    }

    @Test("Who asks too much at once is told to come again; others are served")
    func limits() async throws {
        var limits = StanzaDispatcher.Limits()
        limits.requests = 5
        limits.requestsPerSender = 2
        let (dispatcher, client) = self.makeDispatcher(limits)
        dispatcher.register(Silent(), name: "wait", namespace: "urn:example")
        let wait = Element("wait", namespace: "urn:example")
        let other = FakeLink(
            address: JID(preparedLocal: "bob", domain: "client.test", resource: nil), network: self.network)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            for number in 0..<2 {
                try await client.send(.iq(IQ(to: self.here, id: "w\(number)", body: .set(wait))))
            }
            let busy = await #expect(throws: StanzaError.self) {
                try await self.ask(client, .get(Ping().element), id: "3")
            }
            #expect(busy?.condition == .resourceConstraint && busy?.kind == .wait)
            #expect(try await self.ask(other, .get(Ping().element), id: "4") == nil)
            group.cancelAll()
        }
    }
}
