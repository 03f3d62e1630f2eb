import Logging
import NIOCore
import TestSupport
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Streams between servers that go both ways", .timeLimit(.minutes(2)))
struct BidirectionalTests {
    private static func message(_ number: Int, from: String, to: String) -> Stanza {
        .message(
            Message(
                to: JID(preparedLocal: "v", domain: to, resource: nil),
                from: JID(preparedLocal: "u", domain: from, resource: nil), id: "m\(number)",
                body: "message \(number)"))
    }

    /// `a.test` reaches `b.test`, which cannot reach it: it has no place to connect to.
    private static func run(
        through proxy: CuttingProxy? = nil, logger: Logger = TestSite.quiet,
        _ body: (_ here: TestSite, _ there: TestSite) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let (own, theirs) = (try authority.issue("a.test"), try authority.issue("b.test"))
        let port = try await proxy?.start()
        try await TestSite.run(
            "b.test", certificate: theirs, trust: authority.trust, routes: ["a.test": []]
        ) { there in
            proxy?.relay(to: there.ports.servers)
            let route = Route(host: "127.0.0.1", port: port ?? there.ports.servers)
            try await TestSite.run(
                "a.test", certificate: own, trust: authority.trust, routes: ["b.test": [route]],
                logger: logger
            ) { here in
                try await body(here, there)
            }
        }
        proxy?.stop()
    }

    private static let pair = DomainPair(local: "a.test", remote: "b.test")

    private static func ask(_ number: Int, _ here: TestSite, _ there: TestSite) async throws {
        let question = Self.message(number, from: "a.test", to: "b.test")
        try here.remotes.send(question)
        #expect(try await there.remote.next() == .received(question))
    }

    private static func untilAcknowledged(_ here: TestSite) async throws {
        let stream = try #require(here.remotes.stream(for: Self.pair))
        try await Turns.pass(until: "the first message is acknowledged") { stream.acknowledgedCount >= 1 }
    }

    @Test("XEP-0288 §1: a server that cannot be connected to gets its answers on the stream that it opened")
    func answers() async throws {
        try await Self.run { here, there in
            // Nobody has opened anything yet, and nothing can be opened.
            let early = Self.message(0, from: "b.test", to: "a.test")
            try there.remotes.send(early)
            guard case .undeliverable(early, _) = try await there.remote.next() else {
                Issue.record("there was a way")
                return
            }
            for number in 1...20 {
                let question = Self.message(number, from: "a.test", to: "b.test")
                try here.remotes.send(question)
                #expect(try await there.remote.next() == .received(question))
                let answer = Self.message(number, from: "b.test", to: "a.test")
                try there.remotes.send(answer)
                #expect(try await here.remote.next() == .received(answer))
            }
            #expect(there.remotes.hasWayBack(for: DomainPair(local: "b.test", remote: "a.test")))
            #expect(there.remotes.stream(for: DomainPair(local: "b.test", remote: "a.test")) == nil)
        }
    }

    @Test("Once the stream is over there is no way back")
    func ends() async throws {
        try await Self.run { here, there in
            let question = Self.message(1, from: "a.test", to: "b.test")
            try here.remotes.send(question)
            #expect(try await there.remote.next() == .received(question))
            let pair = DomainPair(local: "b.test", remote: "a.test")
            let stream = try #require(
                here.remotes.stream(for: DomainPair(local: "a.test", remote: "b.test")))
            stream.close(nil)
            try await Turns.pass(until: "there is no way back") { !there.remotes.hasWayBack(for: pair) }
            let late = Self.message(2, from: "b.test", to: "a.test")
            try there.remotes.send(late)
            guard case .undeliverable(late, _) = try await there.remote.next() else {
                Issue.record("there was a way")
                return
            }
        }
    }

    @Test(
        "XEP-0198 §5: what goes back is neither lost nor doubled when the connection breaks at any byte",
        arguments: stride(from: 0, through: 6_000, by: 751).map(\.self))
    func cut(bytes: Int) async throws {
        let proxy = CuttingProxy()
        try await Self.run(through: proxy) { here, there in
            let (question, answer) = (
                { Self.message($0, from: "a.test", to: "b.test") },
                { Self.message($0, from: "b.test", to: "a.test") }
            )
            try await Self.ask(0, here, there)
            // Before that the stream could not be resumed.
            try await Self.untilAcknowledged(here)
            for number in 0...20 { try there.remotes.send(answer(number)) }
            proxy.cut(after: bytes)
            for number in 1...20 { try here.remotes.send(question(number)) }
            for number in 1...20 {
                #expect(try await there.remote.next() == .received(question(number)))
            }
            for number in 0...20 {
                #expect(try await here.remote.next() == .received(answer(number)))
            }
            // An answer has no way while the stream is broken, so no cut may fall behind the last question.
            proxy.spare()
            // Whatever was sent twice would come before these.
            try here.remotes.send(question(21))
            #expect(try await there.remote.next() == .received(question(21)))
            try there.remotes.send(answer(21))
            #expect(try await here.remote.next() == .received(answer(21)))
        }
    }

    @Test(
        "XEP-0198 §5: what was on its way back when the connection broke comes, though nothing goes out",
        arguments: [0, 1, 40])
    func nothingGoesOut(bytes: Int) async throws {
        let proxy = CuttingProxy()
        try await Self.run(through: proxy) { here, there in
            try await Self.ask(0, here, there)
            // That was the last to be said; what is written next takes more bytes than pass.
            try await Self.untilAcknowledged(here)
            proxy.cutBack(after: bytes)
            for number in 0...1 {
                let answer = Self.message(number, from: "b.test", to: "a.test")
                try there.remotes.send(answer)
                #expect(try await here.remote.next() == .received(answer))
                try await Self.ask(number + 1, here, there)
            }
        }
    }

    @Test("A stream that breaks again and again with nothing to send is left alone until there is something")
    func breaksAgain() async throws {
        let (proxy, log) = (CuttingProxy(), LogRecorder())
        try await Self.run(through: proxy, logger: log.logger) { here, there in
            try await Self.ask(0, here, there)
            try await Self.untilAcknowledged(here)
            for _ in 0..<RemoteStreams.fruitlessLimit {
                let former = try #require(here.remotes.stream(for: Self.pair))
                proxy.breakOff()
                try await Turns.pass(until: "the stream goes on") {
                    here.remotes.stream(for: Self.pair).map { $0 !== former } ?? false
                }
            }
            proxy.breakOff()
            try await Turns.pass(until: "it is given up") {
                log.count("another server cannot be reached") > 0
            }
            #expect(proxy.connectionCount == 1 + RemoteStreams.fruitlessLimit)
            try await Self.ask(1, here, there)
            #expect(proxy.connectionCount == 2 + RemoteStreams.fruitlessLimit)
        }
    }

    /// A peer that authenticates as `b.test` and asks for both directions.
    private static func withPeer(_ body: (TestSite, RawPeer) async throws -> Void) async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(
            certificates: ["b.test": try authority.issue("b.test")], trust: authority.trust)
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust,
            routes: ["b.test": [], "c.test": []]
        ) { site in
            let peer = try await RawPeer(
                port: site.ports.servers, side: .serverStreams, serverName: "a.test", identity: "b.test",
                certificates: store)
            let (_, features) = try await peer.startTLS(to: "a.test", from: "b.test")
            #expect(features.offersBidirectional)
            peer.send(Element("bidi", namespace: Namespace.bidirectional))
            peer.send(SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("b.test".utf8)).element)
            #expect(try await peer.nextElement() == SASLElement.success(nil).element)
            try peer.open(to: "a.test", from: "b.test")
            _ = try await peer.nextFeatures()
            try await body(site, peer)
        }
    }

    @Test("XEP-0288 §2.2: nothing goes back but between the pairs authenticated on the stream")
    func otherPairs() async throws {
        try await Self.withPeer { site, peer in
            peer.send(Self.message(1, from: "b.test", to: "a.test").element(in: Namespace.server))
            #expect(
                try await site.remote.next() == .received(Self.message(1, from: "b.test", to: "a.test")))
            let other = Self.message(2, from: "a.test", to: "c.test")
            try site.remotes.send(other)
            guard case .undeliverable(other, _) = try await site.remote.next() else {
                Issue.record("it went somewhere")
                return
            }
            let right = Self.message(3, from: "a.test", to: "b.test")
            try site.remotes.send(right)
            #expect(try await peer.nextElement() == right.element(in: Namespace.server))
        }
    }

    @Test("XEP-0198 §4: what goes back is asked for, counted and given back if it was never acknowledged")
    func unacknowledged() async throws {
        try await Self.withPeer { site, peer in
            peer.send(StreamManagementElement.enable(isResumable: false, resumptionTime: nil).element)
            _ = try await peer.nextElement()
            let (first, second) = (
                Self.message(1, from: "a.test", to: "b.test"), Self.message(2, from: "a.test", to: "b.test")
            )
            try site.remotes.send(first)
            #expect(try await peer.nextElement() == first.element(in: Namespace.server))
            #expect(try await peer.nextElement() == StreamManagementElement.request.element)
            peer.send(StreamManagementElement.answer(handled: 1).element)
            peer.send(StreamManagementElement.request.element)
            #expect(try await peer.nextElement() == StreamManagementElement.answer(handled: 0).element)
            try site.remotes.send(second)
            #expect(try await peer.nextElement() == second.element(in: Namespace.server))
            peer.close()
            guard case .undeliverable(second, let error) = try await site.remote.next() else {
                Issue.record("another one came back")
                return
            }
            #expect(error.condition == .remoteServerTimeout)
        }
    }

    @Test("XEP-0198 §6: a peer that claims more than was sent back is closed")
    func tooHigh() async throws {
        try await Self.withPeer { _, peer in
            peer.send(StreamManagementElement.enable(isResumable: true, resumptionTime: nil).element)
            _ = try await peer.nextElement()
            peer.send(StreamManagementElement.answer(handled: 1).element)
            #expect(try await peer.nextError().detail?.name == "handled-count-too-high")
        }
    }
}
