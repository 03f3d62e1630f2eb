import XML
import XMPP

/// An external component on loopback that does exactly what a test says.
struct TestComponent {
    let client: TestClient
    let domain: JID

    /// Connects and opens a stream for `domain`; the stream's id.
    static func open(_ domain: String, to server: TestServer) async throws -> (TestComponent, id: String) {
        let client = try await TestClient(port: server.componentPort, domain: domain)
        client.send(
            bytes: """
                <?xml version='1.0'?><stream:stream to='\(domain)' xmlns='jabber:component:accept' \
                xmlns:stream='http://etherx.jabber.org/streams'>
                """)
        let id = try await client.nextHeader()[attribute: "id"] ?? ""
        return (TestComponent(client: client, domain: try JID(domain)), id)
    }

    /// Opens a stream and proves that it knows the secret.
    static func connect(
        _ domain: String = "tokyo.paris.test", to server: TestServer, secret: String = "s3cret"
    ) async throws -> TestComponent {
        let (component, id) = try await Self.open(domain, to: server)
        try component.shakeHands(id: id, secret: secret)
        let answer = try await component.client.nextElement()
        guard ComponentHandshake.matches(answer) else { throw TestClient.Unexpected(event: "\(answer)") }
        return component
    }

    func shakeHands(id: String, secret: String) throws {
        try self.send(
            ComponentHandshake(digest: ComponentHandshake.digest(streamID: id, secret: secret)).element)
    }

    func send(_ element: Element) throws {
        self.client.send(bytes: try element.serializedText(inheriting: Namespace.component))
    }

    func send(_ stanza: Stanza) throws {
        try self.send(stanza.element(in: Namespace.component))
    }
}
