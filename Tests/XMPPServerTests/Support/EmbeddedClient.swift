import Testing
import XML
import XMPP

/// A client of an `EmbeddedServer` with stream management, over as many connections as it takes.
final class EmbeddedClient {
    private let server: EmbeddedServer
    private let name: String
    private let parser = XMLStreamParser(limits: .client)
    private(set) var wire: EmbeddedWire
    /// What is written when the wire takes it.
    private var outgoing: [UInt8] = []
    private(set) var management = StreamManagementInitiator<Stanza>(
        limits: .init(stanzas: 10_000, bytes: .max))
    private(set) var address: JID?
    /// Every stanza that was received and counted, in order.
    var inbox: [Stanza] = []
    /// Elements that are no stanzas, in order.
    var others: [Element] = []
    private(set) var lost: [Stanza] = []
    /// Where the server said what it should not have, in the eyes of the client's machine.
    private(set) var complaints: [StreamError] = []
    /// Whether requests for acknowledgement are answered.
    var isAcknowledging = true

    init(_ name: String, on server: EmbeddedServer) throws {
        self.server = server
        self.name = name
        self.wire = try server.connect(name)
        self.open()
    }

    /// A client that has bound `resource`, enabled stream management if so asked, and is available.
    static func online(
        _ name: String, _ resource: String, isManaged: Bool = true, on server: EmbeddedServer
    ) throws -> EmbeddedClient {
        let client = try EmbeddedClient(name, on: server)
        try client.bind(resource)
        if isManaged { try client.enable() }
        client.send(.presence(Presence(to: nil)))
        try client.exchange()
        return client
    }

    func bind(_ resource: String) throws {
        self.write(
            Stanza.iq(IQ(to: nil, id: "bind", body: .set(ResourceBinding(resource: resource).element)))
                .element())
        try self.exchange()
    }

    func enable(resumptionTime: UInt32? = nil) throws {
        self.perform(self.management.enable(resumptionTime: resumptionTime))
        try self.exchange()
    }

    var bodies: [String] {
        self.inbox.compactMap { stanza in
            if case .message(let message) = stanza { message.body } else { nil }
        }
    }

    func errors() throws -> [StreamError] {
        self.others.filter(StreamError.matches).map(StreamError.init(parsing:))
    }

    // MARK: Writing

    func send(_ stanza: Stanza) {
        let outcome = self.management.send(stanza, bytes: 1)
        guard !self.management.holdsBack else { return }
        self.write(stanza.element())
        if outcome == .kept(mustRequest: true) { self.write(StreamManagementElement.request.element) }
    }

    func write(_ element: Element) {
        do {
            self.outgoing += Array(try element.serializedText(inheriting: Namespace.client).utf8)
        } catch {
            Issue.record(error)
        }
    }

    private func open() {
        self.parser.reset()
        self.outgoing = Array(
            """
            <?xml version='1.0'?><stream:stream to='\(EmbeddedServer.domain)' version='1.0' \
            xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>
            """.utf8)
    }

    // MARK: The wire

    /// Lets bytes pass both ways until there are none, or `budget` of them have passed; what is left of it.
    @discardableResult
    func exchange(budget: Int = .max, chunk: Int = 1_024) throws -> Int {
        var budget = budget
        var isQuiet = false
        while !isQuiet, budget > 0 {
            let up = min(self.outgoing.count, chunk, budget)
            if up > 0 {
                try self.wire.write(Array(self.outgoing.prefix(up)))
                self.outgoing.removeFirst(up)
                budget -= up
            }
            let arrived = try self.wire.read()
            let down = arrived.prefix(budget)
            budget -= down.count
            try self.receive(Array(down))
            isQuiet = self.outgoing.isEmpty && arrived.isEmpty
        }
        return budget
    }

    private func receive(_ bytes: [UInt8]) throws {
        self.parser.feed(bytes)
        while let event = try self.parser.next() {
            switch event {
            case .opened, .closed: break
            case .element(let element) where element.namespace == Namespace.client:
                try self.receive(Stanza(parsing: element))
            case .element(let element): self.receive(other: element)
            }
        }
    }

    private func receive(_ stanza: Stanza) throws {
        self.management.handle()
        self.inbox.append(stanza)
        if case .iq(let iq) = stanza, iq.id == "bind", case .result(.some(let element)) = iq.body {
            self.address = try ResourceBinding(parsing: element).address
        }
    }

    private func receive(other element: Element) {
        self.others.append(element)
        guard StreamManagementElement.matches(element) else { return }
        if element.name == "r", !self.isAcknowledging { return }
        self.perform(self.management.receive(element))
    }

    private func perform(_ directives: [StreamManagementInitiator<Stanza>.Directive]) {
        for directive in directives {
            switch directive {
            case .send(let element): self.write(element)
            case .resumed(let again): for stanza in again { self.write(stanza.element()) }
            case .lost(let stanzas): self.lost += stanzas
            case .enabled, .refused: break
            case .close(let error): self.complaints.append(error)
            }
        }
    }

    /// The connection breaks; the server notices at once, or not at all.
    func cut(isNoticed: Bool = true) {
        if isNoticed { self.wire.cut() }
        self.outgoing = []
        self.perform(self.management.disconnected())
    }

    /// Connects again and asks to resume.
    func resume() throws {
        self.wire = try self.server.connect(self.name)
        self.open()
        self.perform(self.management.resume())
    }
}
