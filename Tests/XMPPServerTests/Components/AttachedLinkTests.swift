import CloudModel
import Logging
import NIOCore
import ServiceLifecycle
import Storage
import Testing
import XML
import XMPP
import XMPPTransport

@testable import XMPPServer

@Suite("Processes attached to our own server")
struct AttachedLinkTests {
    private static let domain = JID(preparedLocal: nil, domain: "paris.test", resource: nil)
    private static let component = JID(preparedLocal: nil, domain: "tokyo.paris.test", resource: nil)

    private static let quiet = Logger(label: "attached", factory: { _ in SwiftLogNoOpLogHandler() })

    /// A link that runs while `body` does, with a service that answers every request.
    private static func attached(
        _ attachment: XMPPTransport.Attachment, routes: [String: [Route]] = [:],
        body: (AttachedLink, TestService) async throws -> Void
    ) async throws {
        let authority = try TestAuthority.shared.get()
        let link = try AttachedLink(
            attachment, trust: authority.trust, limits: .component, routes: routes, logger: Self.quiet)
        let service = TestService()
        link.attach(service)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let services = ServiceGroup(services: [link], logger: Self.quiet)
            group.addTask { try await services.run() }
            try await body(link, service)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    private static func attachment(ofClient server: TestServer) -> XMPPTransport.Attachment {
        .client(
            .init(
                account: JID(preparedLocal: "alice", domain: "paris.test", resource: nil),
                password: TestServer.password, resource: "tradewind",
                route: Route(host: "127.0.0.1", port: server.clientPort)))
    }

    @Test("RFC 8305 §5: a place that does not answer does not hold up the link to the next one")
    func places() async throws {
        let full = try FullServer()
        defer { full.stop() }
        try await TestServer.run { server in
            var attachment = Self.attachment(ofClient: server)
            if case .client(var client) = attachment {
                client.route = nil
                attachment = .client(client)
            }
            let routes = [full.port, server.clientPort].map { Route(host: "127.0.0.1", port: $0) }
            try await Self.attached(attachment, routes: ["paris.test": routes]) { link, _ in
                // A single attempt to connect would take longer than this.
                #expect(TransportLimits().connectTime > .seconds(19))
                let answer = try await link.request(
                    IQ(to: Self.domain, id: "1", body: Self.request), timeout: .seconds(19))
                #expect(answer.body == .result(nil))
                var renewals = link.renewals.makeAsyncIterator()
                #expect(await renewals.next() != nil)
            }
        }
    }

    private static func attachment(
        ofComponent server: TestServer, secret: String = "s3cret"
    ) -> XMPPTransport.Attachment {
        .component(
            .init(domain: self.component, secret: secret, host: "127.0.0.1", port: server.componentPort))
    }

    private static let request = IQ.Body.set(Element("order", namespace: "urn:example:echo"))

    @Test("A client asks the server, and answers what it is asked at its resource")
    func client() async throws {
        try await TestServer.run { server in
            try await Self.attached(Self.attachment(ofClient: server)) { link, service in
                let answer = try await link.request(
                    IQ(to: Self.domain, id: "1", body: Self.request), timeout: .seconds(20))
                #expect(answer.body == .result(nil))
                #expect(link.fault == nil)
                let process = JID(preparedLocal: "alice", domain: "paris.test", resource: "tradewind")
                let back = try await server.server.link.request(
                    IQ(to: process, id: "2", body: Self.request), timeout: .seconds(20))
                #expect(back.body == .result(nil))
                let heard = try await service.heard.next()
                #expect(heard.from == Self.domain)
                let own = try await link.request(
                    IQ(to: process, id: "3", body: Self.request), timeout: .seconds(20))
                #expect(own.body == .result(nil), "a process may ask itself")
            }
        }
    }

    @Test("XEP-0478 §3: what is longer than the server takes comes back, and the stream lives on")
    func tooLong() async throws {
        try await TestServer.run { server in
            try await Self.attached(Self.attachment(ofClient: server)) { link, _ in
                let order = IQ.Body.set(
                    Element(
                        "order", namespace: "urn:example:echo", text: String(repeating: "x", count: 262_144)))
                // Whether it waits for the stream already or not.
                for id in ["1", "2"] {
                    let error = await #expect(throws: StanzaError.self) {
                        try await link.request(
                            IQ(to: Self.domain, id: id, body: order), timeout: .seconds(20))
                    }
                    #expect(error?.condition == .policyViolation)
                }
                #expect(link.fault == nil)
                let answer = try await link.request(
                    IQ(to: Self.domain, id: "3", body: Self.request), timeout: .seconds(20))
                #expect(answer.body == .result(nil))
            }
        }
    }

    @Test(
        "XEP-0114: a component is reached at its domain, by the service, by clients and by other components")
    func component() async throws {
        try await TestServer.run(components: ["tokyo.paris.test": "s3cret"]) { server in
            try await Self.attached(Self.attachment(ofComponent: server)) { link, service in
                let answer = try await link.request(
                    IQ(to: Self.domain, id: "1", body: Self.request), timeout: .seconds(20))
                #expect(answer.body == .result(nil))
                let back = try await server.server.link.request(
                    IQ(to: Self.component, id: "2", body: Self.request), timeout: .seconds(20))
                #expect(back.body == .result(nil))
                try await Self.attached(Self.attachment(ofClient: server)) { client, _ in
                    let answer = try await client.request(
                        IQ(to: Self.component, id: "3", body: Self.request), timeout: .seconds(20))
                    #expect(answer.body == .result(nil))
                }
                _ = service
            }
        }
    }

    @Test("A component's stream has no protection of its own: off this machine it needs TLS")
    func exposed() async throws {
        let authority = try TestAuthority.shared.get()
        let configuration = XMPPServer.Configuration(
            domain: "paris.test", certificate: try authority.issue("paris.test"), trust: authority.trust,
            endpoints: [XMPPListener.Endpoint(.componentStreams, host: "0.0.0.0", port: 0)],
            components: ["tokyo.paris.test": "s3cret"])
        await #expect(throws: XMPPListener.ConfigurationError.self) {
            _ = try await XMPPServer(
                configuration, database: try Database(),
                now: { Instant(millisecondsSinceEpoch: 1_764_000_000_000) }, logger: Self.quiet)
        }
    }

    @Test(
        "XEP-0114: without its component a domain answers that it is not there, and a wrong secret gets nowhere"
    )
    func absent() async throws {
        try await TestServer.run(components: ["tokyo.paris.test": "s3cret"]) { server in
            try await Self.attached(Self.attachment(ofComponent: server, secret: "guess")) { link, _ in
                let error = await #expect(throws: StanzaError.self) {
                    try await server.server.link.request(
                        IQ(to: Self.component, id: "1", body: Self.request), timeout: .seconds(20))
                }
                #expect(error?.condition == .serviceUnavailable)
                #expect(link.fault != nil)
            }
        }
    }
}
