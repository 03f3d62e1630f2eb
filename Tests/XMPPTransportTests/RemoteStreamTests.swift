import NIOCore
import NIOPosix
import TestSupport
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Streams between servers over loopback", .timeLimit(.minutes(2)))
struct RemoteStreamTests {
    private static func message(from: String, to: String, _ body: String = "hello") throws -> Stanza {
        .message(Message(to: try JID(to), from: try JID(from), id: "1", body: body))
    }

    /// Two sites that reach each other; `routes` of the first are filled in once the second has its ports.
    private func exchange(
        _ first: CertificateFiles, _ second: CertificateFiles, trust: TrustAnchors, policy: RemotePolicy,
        direct: Bool
    ) async throws {
        // The ports of the one are part of the configuration of the other: the second is asked to answer by a
        // third site object with the same domain, so that each direction is tried on its own.
        func send(
            from sender: String, _ own: CertificateFiles, to receiver: String, _ other: CertificateFiles
        ) async throws {
            try await TestSite.run(sender, certificate: own, trust: trust, policy: policy) { back in
                let answering = [sender: [Route(host: "127.0.0.1", port: back.ports.servers)]]
                try await TestSite.run(
                    receiver, certificate: other, trust: trust, policy: policy, routes: answering
                ) { there in
                    let port = direct ? there.ports.serversDirect : there.ports.servers
                    let route = Route(
                        host: "127.0.0.1", port: port, security: direct ? .directTLS : .startTLS)
                    try await TestSite.run(
                        sender, certificate: own, trust: trust, policy: policy, routes: [receiver: [route]]
                    ) { here in
                        for number in 0..<50 {
                            try here.remotes.send(
                                try Self.message(from: "u@\(sender)", to: "v@\(receiver)", "\(number)"))
                        }
                        for number in 0..<50 {
                            let expected = try Self.message(
                                from: "u@\(sender)", to: "v@\(receiver)", "\(number)")
                            #expect(try await there.remote.next() == .received(expected))
                        }
                    }
                }
            }
        }
        try await send(from: "a.test", first, to: "b.test", second)
        try await send(from: "b.test", second, to: "a.test", first)
    }

    @Test(
        "XEP-0178 §3: certificates for TLS servers only authenticate by SASL EXTERNAL, both ways, in order",
        arguments: [false, true])
    func external(direct: Bool) async throws {
        let authority = try TestAuthority()
        try await self.exchange(
            try authority.issue("a.test"), try authority.issue("b.test"), trust: authority.trust,
            policy: RemotePolicy(standard: .certificate), direct: direct)
    }

    @Test(
        "XEP-0220 §2: Without a trusted certificate dialback authenticates, both ways",
        arguments: [false, true])
    func dialback(direct: Bool) async throws {
        let authority = try TestAuthority()
        try await self.exchange(
            try authority.issue("a.test", flaw: .selfSigned),
            try authority.issue("b.test", flaw: .selfSigned),
            trust: authority.trust, policy: RemotePolicy(standard: .certificateOrDialback), direct: direct)
    }

    @Test(
        "A server whose certificate does not count is not sent to where policy wants certificates",
        arguments: [
            ("DNS:other.test", TestAuthority.Flaw.none), ("DNS:b.test", .expired),
            ("DNS:b.test", .selfSigned),
            ("DNS:*.b.test", .none),
        ])
    func untrusted(names: String, flaw: TestAuthority.Flaw) async throws {
        let authority = try TestAuthority()
        let other = try authority.issue("b.test", names: names, flaw: flaw)
        let own = try authority.issue("a.test")
        try await TestSite.run("b.test", certificate: other, trust: authority.trust) { there in
            let routes = ["b.test": [Route(host: "127.0.0.1", port: there.ports.servers)]]
            let policy = RemotePolicy(standard: .certificate)
            // The domain must still rest when the second stanza is sent.
            var limits = TransportLimits.patient
            limits.shortestBackOff = .minutes(5)
            try await TestSite.run(
                "a.test", certificate: own, trust: authority.trust, policy: policy, limits: limits,
                routes: routes
            ) { here in
                let stanza = try Self.message(from: "u@a.test", to: "v@b.test")
                try here.remotes.send(stanza)
                guard case .undeliverable(stanza, let error) = try await here.remote.next() else {
                    Issue.record("the stanza was not given back")
                    return
                }
                #expect(error.condition == .remoteServerTimeout)
                // The domain rests now: the next stanza is refused at once.
                #expect(throws: StanzaError.self) { try here.remotes.send(stanza) }
            }
        }
    }

    @Test("When a stream was closed, the next stanza goes by a new one")
    func reconnects() async throws {
        let authority = try TestAuthority()
        let (own, other) = (try authority.issue("a.test"), try authority.issue("b.test"))
        try await TestSite.run("b.test", certificate: other, trust: authority.trust) { there in
            let routes = ["b.test": [Route(host: "127.0.0.1", port: there.ports.servers)]]
            try await TestSite.run("a.test", certificate: own, trust: authority.trust, routes: routes) {
                here in
                let pair = DomainPair(local: "a.test", remote: "b.test")
                for number in 0..<3 {
                    let stanza = try Self.message(from: "u@a.test", to: "v@b.test", "\(number)")
                    try here.remotes.send(stanza)
                    #expect(try await there.remote.next() == .received(stanza))
                    let stream = try #require(here.remotes.stream(for: pair))
                    stream.close(nil)
                    // The stream is still in the table while it is being closed: that is what the next stanza meets.
                    try await Turns.pass(until: "the stream is closed") { !stream.isOpen }
                }
            }
        }
    }

    @Test("RFC 8305: a place that does not answer is passed over, and IPv6 works end to end")
    func overIPv6() async throws {
        let authority = try TestAuthority()
        try await TestSite.run(
            "b.test", certificate: try authority.issue("b.test"), trust: authority.trust,
            serverAddress: ("::1", 0)
        ) { there in
            // Port 1 of loopback: nobody listens there.
            let routes = [
                "b.test": [Route(host: "127.0.0.1", port: 1), Route(host: "::1", port: there.ports.servers)]
            ]
            try await TestSite.run(
                "a.test", certificate: try authority.issue("a.test"), trust: authority.trust,
                policy: RemotePolicy(standard: .certificate), routes: routes
            ) { here in
                let stanza = try Self.message(from: "u@a.test", to: "v@b.test")
                try here.remotes.send(stanza)
                #expect(try await there.remote.next() == .received(stanza))
            }
        }
    }

    @Test("A server that nobody can reach gives stanzas back")
    func unreachable() async throws {
        let authority = try TestAuthority()
        let own = try authority.issue("a.test")
        // Port 1 of loopback: nobody listens there.
        let routes = ["b.test": [Route(host: "127.0.0.1", port: 1)]]
        try await TestSite.run("a.test", certificate: own, trust: authority.trust, routes: routes) { here in
            let stanza = try Self.message(from: "u@a.test", to: "v@b.test")
            try here.remotes.send(stanza)
            guard case .undeliverable(stanza, let error) = try await here.remote.next() else {
                Issue.record("the stanza was not given back")
                return
            }
            #expect(error.condition == .remoteServerTimeout)
        }
    }

    @Test("XEP-0220 §3: strangers cannot make a server verify more keys at a time than its limit")
    func verificationsAreFew() async throws {
        #expect(TransportLimits().dialbackVerifications == 64)
        let authority = try TestAuthority()
        // It takes connections and says nothing.
        let accepted = Recorder<Int>()
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                accepted.record(1)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(silent.localAddress?.port)
        var limits = TransportLimits.patient
        limits.dialbackVerifications = 2
        let routes = ["b.test": [Route(host: "127.0.0.1", port: port)], "c.test": []]
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust, limits: limits,
            routes: routes
        ) { here in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            func verify(_ remote: String) -> EventLoopFuture<DialbackVerdict> {
                let pair = DomainPair(local: "a.test", remote: remote)
                return here.remotes.verify(
                    pair, streamID: "1", key: "k", shownBy: NetworkAddress(nil), on: loop
                ).verdict
            }
            // One that is over makes room.
            guard case .error(let notFound) = try await verify("c.test").get() else {
                Issue.record("c.test has no place to ask at")
                return
            }
            #expect(notFound.condition == .remoteServerNotFound)
            _ = (verify("b.test"), verify("b.test"))
            for _ in 0..<2 { _ = try await accepted.next() }
            guard case .error(let refused) = try await verify("b.test").get() else {
                Issue.record("a third one is under way")
                return
            }
            #expect(refused.condition == .resourceConstraint)
        }
        try await silent.close()
    }

    @Test(
        "XEP-0220 §3: keys shown from one address do not take the places of others, and none is verified for ever"
    )
    func verificationsOfOneAddress() async throws {
        #expect(TransportLimits().dialbackVerificationsPerAddress == 8)
        #expect(TransportLimits().dialbackVerificationTime == .seconds(30))
        let authority = try TestAuthority()
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(silent.localAddress?.port)
        var limits = TransportLimits.patient
        limits.dialbackVerificationsPerAddress = 1
        limits.dialbackVerificationTime = .seconds(3)
        let routes = ["b.test": [Route(host: "127.0.0.1", port: port)], "c.test": []]
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust, limits: limits,
            routes: routes
        ) { here in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            func verify(_ remote: String, from address: String) -> EventLoopFuture<DialbackVerdict> {
                here.remotes.verify(
                    DomainPair(local: "a.test", remote: remote), streamID: "1", key: "k",
                    shownBy: NetworkAddress(text: address), on: loop
                ).verdict
            }
            func condition(_ verdict: DialbackVerdict) -> StanzaError.Condition? {
                if case .error(let error) = verdict { error.condition } else { nil }
            }
            let slow = verify("b.test", from: "192.0.2.1")
            let refused = try await verify("c.test", from: "192.0.2.1").get()
            #expect(condition(refused) == .resourceConstraint)
            let other = try await verify("c.test", from: "192.0.2.2").get()
            #expect(condition(other) == .remoteServerNotFound)
            let late = try await slow.get()
            #expect(condition(late) == .remoteServerTimeout)
            let next = try await verify("c.test", from: "192.0.2.1").get()
            #expect(condition(next) == .remoteServerNotFound)
        }
        try await silent.close()
    }

    @Test("A key is verified for as long as the stream that showed it lasts, and no longer")
    func verificationEndsWithItsStream() async throws {
        let authority = try TestAuthority()
        let events = Recorder<String>()
        // It takes connections and says nothing.
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                events.record("asked")
                channel.closeFuture.whenComplete { _ in events.record("given up") }
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(silent.localAddress?.port)
        var limits = TransportLimits.patient
        limits.dialbackVerificationTime = .minutes(10)
        let nobody = try CertificateStore(certificates: [:], trust: authority.trust)
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust,
            policy: RemotePolicy(standard: .certificateOrDialback), limits: limits,
            routes: ["b.test": [Route(host: "127.0.0.1", port: port)]]
        ) { here in
            let peer = try await RawPeer(
                port: here.ports.servers, side: .serverStreams, serverName: "a.test", certificates: nobody)
            _ = try await peer.startTLS(to: "a.test", from: "b.test")
            peer.send(
                DialbackResult(from: try JID("b.test"), to: try JID("a.test"), .key("k")).element)
            #expect(try await events.next() == "asked")
            #expect(here.remotes.verificationCount == 1)
            peer.close()
            #expect(try await events.next() == "given up")
            try await Turns.pass(until: "nothing is verified") { here.remotes.verificationCount == 0 }
        }
        try await silent.close()
    }

    @Test("Places that one attempt tries are no more than sixteen", arguments: [15, 16])
    func places(dead: Int) async throws {
        #expect(PlaceRounds.limit == 16)
        let authority = try TestAuthority()
        let (own, other) = (try authority.issue("a.test"), try authority.issue("b.test"))
        try await TestSite.run("b.test", certificate: other, trust: authority.trust) { there in
            // Port 1 of loopback: nobody listens there.
            let routes =
                [Route](repeating: Route(host: "127.0.0.1", port: 1), count: dead)
                + [Route(host: "127.0.0.1", port: there.ports.servers)]
            try await TestSite.run(
                "a.test", certificate: own, trust: authority.trust, routes: ["b.test": routes]
            ) { here in
                let stanza = try Self.message(from: "u@a.test", to: "v@b.test")
                try here.remotes.send(stanza)
                if dead < PlaceRounds.limit {
                    #expect(try await there.remote.next() == .received(stanza))
                } else if case .undeliverable(stanza, let error) = try await here.remote.next() {
                    #expect(error.condition == .remoteServerTimeout)
                } else {
                    Issue.record("the stanza was not given back")
                }
            }
        }
    }

    @Test("What is to be found without DNS needs no threads, and after its end a resolver finds nothing else")
    func resolver() async throws {
        let route = Route(host: "127.0.0.1", port: 5_269)
        let resolver = Resolver(routes: ["b.test": [route]])
        #expect(Resolver.Asker.ourselves.threads == 16)
        #expect(Resolver.Asker.people.threads == 16)
        #expect(Resolver.Asker.strangers.threads == 4)
        #expect(Resolver.Asker.absent.threads == 4)
        await resolver.shutDown()
        #expect(try await resolver.candidates(for: "b.test") == [Candidate(route)])
        await #expect(throws: RemoteStreamError.self) { try await resolver.candidates(for: "c.test") }
    }

    /// A peer that has authenticated as `b.test` at a site `a.test`.
    private func authenticated(
        _ body: (TestSite, RawPeer) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let own = try authority.issue("a.test")
        let store = try CertificateStore(
            certificates: ["b.test": try authority.issue("b.test")], trust: authority.trust)
        try await TestSite.run("a.test", certificate: own, trust: authority.trust) { site in
            let peer = try await RawPeer(
                port: site.ports.servers, side: .serverStreams, serverName: "a.test", identity: "b.test",
                certificates: store)
            let (_, features) = try await peer.startTLS(to: "a.test", from: "b.test")
            #expect(features.mechanisms == ["EXTERNAL"])
            peer.send(SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("b.test".utf8)).element)
            #expect(try await peer.nextElement() == SASLElement.success(nil).element)
            try await body(site, peer)
        }
    }

    @Test(
        "RFC 6120 §8.1.2.2: A stanza from a domain that the stream did not prove closes it with invalid-from")
    func forgedSender() async throws {
        try await self.authenticated { site, peer in
            try peer.open(to: "a.test", from: "b.test")
            _ = try await peer.nextFeatures()
            let honest = try Self.message(from: "u@b.test", to: "v@a.test")
            peer.send(honest.element(in: Namespace.server))
            #expect(try await site.remote.next() == .received(honest))
            peer.send(try Self.message(from: "u@c.test", to: "v@a.test").element(in: Namespace.server))
            #expect(try await peer.nextError().condition == .invalidFrom)
        }
    }

    @Test(
        "RFC 6120 §8.1.1.2, §8.1.2.2: A stanza to a domain that is not served, or without addresses, closes the stream"
    )
    func wrongRecipient() async throws {
        try await self.authenticated { _, peer in
            try peer.open(to: "a.test", from: "b.test")
            _ = try await peer.nextFeatures()
            peer.send(try Self.message(from: "u@b.test", to: "v@c.test").element(in: Namespace.server))
            #expect(try await peer.nextError().condition == .hostUnknown)
        }
        try await self.authenticated { _, peer in
            try peer.open(to: "a.test", from: "b.test")
            _ = try await peer.nextFeatures()
            peer.send(Element("message", namespace: Namespace.server))
            #expect(try await peer.nextError().condition == .improperAddressing)
        }
    }

    @Test("A stream may not become another domain's when it restarts")
    func changedSender() async throws {
        try await self.authenticated { _, peer in
            try peer.open(to: "a.test", from: "c.test")
            #expect(try await peer.nextError().condition == .invalidFrom)
        }
    }

    @Test("EXTERNAL is offered only for what the certificate proves, and acting for another is refused")
    func externalForAnother() async throws {
        let authority = try TestAuthority()
        let own = try authority.issue("a.test")
        let store = try CertificateStore(
            certificates: ["b.test": try authority.issue("b.test")], trust: authority.trust)
        try await TestSite.run("a.test", certificate: own, trust: authority.trust) { site in
            let liar = try await RawPeer(
                port: site.ports.servers, side: .serverStreams, serverName: "a.test", identity: "b.test",
                certificates: store)
            let (_, features) = try await liar.startTLS(to: "a.test", from: "c.test")
            #expect(features.mechanisms.isEmpty)
            #expect(features.offersDialback)
            liar.send(SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("c.test".utf8)).element)
            guard case .failure(let failure) = try SASLElement(parsing: try await liar.nextElement()) else {
                Issue.record("not refused")
                return
            }
            #expect(failure.condition == .notAuthorized)
        }
    }
}
