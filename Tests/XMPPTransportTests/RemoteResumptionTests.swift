import NIOCore
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Streams between servers whose connection breaks", .timeLimit(.minutes(2)))
struct RemoteResumptionTests {
    private static func message(_ number: Int) -> Stanza {
        .message(
            Message(
                to: JID(preparedLocal: "v", domain: "b.test", resource: nil),
                from: JID(preparedLocal: "u", domain: "a.test", resource: nil), id: "m\(number)",
                body: "message \(number)"))
    }

    private static func awaitAcknowledgement(_ site: TestSite) async throws {
        let pair = DomainPair(local: "a.test", remote: "b.test")
        let deadline = ContinuousClock.now + .seconds(60)
        while site.remotes.stream(for: pair)?.acknowledgedCount != 1 {
            try #require(ContinuousClock.now < deadline, "the first message is not acknowledged")
            await Task.yield()
        }
    }

    @Test(
        "XEP-0198 §5: a connection between servers that breaks at any byte loses and duplicates nothing",
        arguments: stride(from: 0, through: 6_000, by: 311).map(\.self))
    func cut(bytes: Int) async throws {
        let authority = try TestAuthority()
        let (own, theirs) = (try authority.issue("a.test"), try authority.issue("b.test"))
        let proxy = CuttingProxy()
        let port = try await proxy.start()
        try await TestSite.run("b.test", certificate: theirs, trust: authority.trust) { there in
            proxy.relay(to: there.ports.servers)
            let routes = ["b.test": [Route(host: "127.0.0.1", port: port)]]
            try await TestSite.run("a.test", certificate: own, trust: authority.trust, routes: routes) {
                here in
                try here.remotes.send(Self.message(0))
                #expect(try await there.remote.next() == .received(Self.message(0)))
                // A stream that breaks before stream management is enabled cannot go on.
                try await Self.awaitAcknowledgement(here)
                proxy.cut(after: bytes)
                for number in 1...40 { try here.remotes.send(Self.message(number)) }
                for number in 1...40 {
                    #expect(try await there.remote.next() == .received(Self.message(number)))
                }
                // Whatever was sent twice would come before this.
                try here.remotes.send(Self.message(41))
                #expect(try await there.remote.next() == .received(Self.message(41)))
            }
        }
        proxy.stop()
    }
}
