import NIOCore
import NIOEmbedded
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Stream management between servers")
struct RemoteManagementTests {
    private static let message = Message(
        to: JID(preparedLocal: "v", domain: "a.test", resource: nil),
        from: JID(preparedLocal: "u", domain: "b.test", resource: nil), body: "hello")

    /// Authenticates as `domain` by certificate and opens the stream anew; what is offered then.
    private static func connect(
        _ site: TestSite, as domain: String, _ store: CertificateStore
    ) async throws -> (RawPeer, StreamFeatures) {
        let peer = try await RawPeer(
            port: site.ports.servers, side: .serverStreams, serverName: "a.test", identity: domain,
            certificates: store)
        _ = try await peer.startTLS(to: "a.test", from: domain)
        peer.send(SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array(domain.utf8)).element)
        #expect(try await peer.nextElement() == SASLElement.success(nil).element)
        try peer.open(to: "a.test", from: domain)
        return (peer, try await peer.nextFeatures())
    }

    private static func run(_ body: (TestSite, CertificateStore) async throws -> Void) async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(
            certificates: ["b.test": try authority.issue("b.test"), "c.test": try authority.issue("c.test")],
            trust: authority.trust)
        let own = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: own, trust: authority.trust) { site in
            try await body(site, store)
        }
    }

    private static func next(_ peer: RawPeer) async throws -> StreamManagementElement {
        try StreamManagementElement(parsing: try await peer.nextElement())
    }

    private static func enable(_ peer: RawPeer) async throws -> String {
        peer.send(StreamManagementElement.enable(isResumable: true, resumptionTime: nil).element)
        guard case .enabled(let terms) = try await Self.next(peer) else { throw StreamError(.badFormat) }
        return try #require(terms.token)
    }

    @Test("XEP-0198 §2: it is offered to a server that has proved its domain, and counts what comes")
    func counting() async throws {
        try await Self.run { site, store in
            let (peer, features) = try await Self.connect(site, as: "b.test", store)
            #expect(features.offersStreamManagement)
            _ = try await Self.enable(peer)
            for _ in 0..<3 { peer.send(Stanza.message(Self.message).element(in: Namespace.server)) }
            peer.send(StreamManagementElement.request.element)
            #expect(try await Self.next(peer) == .answer(handled: 3))
            peer.send(StreamManagementElement.answer(handled: 1).element)
            let error = try await peer.nextError()
            #expect(error.detail?.name == "handled-count-too-high")
        }
    }

    @Test("A server that says nothing for the time of silence is closed, without an error")
    func silence() throws {
        let environment = try EmbeddedStream.environment()
        let limits = environment.limits
        let remotes = RemoteStreams(environment: environment, resolver: Resolver(routes: [:]))
        let stream = try EmbeddedStream(
            RemoteInboundRole(
                environment: environment, remotes: remotes, receiver: EmbeddedStream.Receiver(),
                usesDirectTLS: true), environment)
        stream.shakeHands()
        try stream.hear(EmbeddedStream.theirs)
        try stream.hear(
            SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("b.test".utf8)).element)
        #expect(try stream.says(SASLElement.success(nil).element))
        try stream.hear(EmbeddedStream.theirs)
        try stream.forget()
        stream.advance(limits.idleRemote - limits.keepalive)
        #expect(stream.channel.isActive)
        // Until then it is kept alive by spaces.
        let early = try stream.everythingSaid()
        #expect(early.allSatisfy { $0 == " " })
        stream.advance(limits.keepalive + StreamHandler.closingTime)
        #expect(!stream.channel.isActive)
        let said = try stream.everythingSaid()
        #expect(said.filter { $0 != " " } == "</stream:stream>")
    }

    @Test("XEP-0198 §3: before anything is proved it fails")
    func early() async throws {
        try await Self.run { site, store in
            let peer = try await RawPeer(
                port: site.ports.servers, side: .serverStreams, serverName: "a.test", certificates: store)
            let (_, features) = try await peer.startTLS(to: "a.test", from: "x.test")
            #expect(!features.offersStreamManagement)
            peer.send(StreamManagementElement.enable(isResumable: true, resumptionTime: nil).element)
            #expect(try await Self.next(peer) == .failed(.unexpectedRequest, handled: nil))
        }
    }

    @Test(
        "XEP-0198 §5: a server that comes back learns how much arrived, whether the break was noticed or not")
    func resuming() async throws {
        try await Self.run { site, store in
            let (first, _) = try await Self.connect(site, as: "b.test", store)
            let token = try await Self.enable(first)
            for _ in 0..<2 { first.send(Stanza.message(Self.message).element(in: Namespace.server)) }
            for _ in 0..<2 { #expect(try await site.remote.next() == .received(.message(Self.message))) }
            let (second, _) = try await Self.connect(site, as: "b.test", store)
            second.send(StreamManagementElement.resume(token: token, handled: 0).element)
            #expect(try await Self.next(second) == .resumed(token: token, handled: 2))
            // What the former connection still brings was sent again over this one, so it must not count twice.
            first.send(Stanza.message(Self.message).element(in: Namespace.server))
            first.send(StreamManagementElement.request.element)
            _ = try await Self.next(first)
            var last = Self.message
            last.id = "last"
            second.send(Stanza.message(last).element(in: Namespace.server))
            second.send(StreamManagementElement.request.element)
            #expect(try await Self.next(second) == .answer(handled: 3))
            #expect(try await site.remote.next() == .received(.message(last)))
        }
    }

    @Test("XEP-0198 §8: one domain does not resume the stream of another")
    func strangers() async throws {
        try await Self.run { site, store in
            let (peer, _) = try await Self.connect(site, as: "b.test", store)
            let token = try await Self.enable(peer)
            let (thief, _) = try await Self.connect(site, as: "c.test", store)
            thief.send(StreamManagementElement.resume(token: token, handled: 0).element)
            #expect(try await Self.next(thief) == .failed(.itemNotFound, handled: nil))
        }
    }

    @Test("The count of a broken stream is kept for its time, and as many as the limit says")
    func tallies() {
        let start = NIODeadline.uptimeNanoseconds(1)
        let tallies = RemoteTallies(limit: 2, perPeer: 8, bytes: 1_000)
        let all = (0..<3).map { RemoteTally(peer: "b.test", stream: "\($0)", seconds: 300) }
        for (index, tally) in all.enumerated() {
            #expect(tallies.add(tally, at: start + .seconds(Int64(index))).isEmpty)
        }
        #expect(tallies.count == 2)
        #expect(tallies.take(all[0].token, of: "b.test", over: "new", at: start) == nil)
        #expect(tallies.keep(all[1], after: "1", at: start).isEmpty)
        let (early, late) = (start + .seconds(299), start + .seconds(300))
        #expect(tallies.take(all[1].token, of: "b.test", over: "new", at: late) == nil)
        #expect(tallies.take(all[1].token, of: "b.test", over: "new", at: early) === all[1])
        tallies.forget(all[2], after: "2")
        #expect(tallies.take(all[2].token, of: "b.test", over: "new", at: start) == nil)
    }
}
