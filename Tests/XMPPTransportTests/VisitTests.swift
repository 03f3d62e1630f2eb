import NIOCore
import NIOEmbedded
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// Which domains count as being here: those that a stream has proved, for as long as that is there.
@Suite("Who has come here")
struct VisitTests {
    /// A stream of `b.test`, which shows a certificate of that name.
    private struct Visit {
        let remotes: RemoteStreams
        let role: RemoteInboundRole
        let stream: EmbeddedStream

        init() throws {
            let environment = try EmbeddedStream.environment()
            self.remotes = RemoteStreams(environment: environment, resolver: Resolver(routes: [:]))
            self.role = RemoteInboundRole(
                environment: environment, remotes: self.remotes, receiver: EmbeddedStream.Receiver(),
                usesDirectTLS: true)
            self.stream = try EmbeddedStream(self.role, environment)
            self.stream.shakeHands()
            try self.stream.hear(EmbeddedStream.theirs)
        }

        /// The peer says that it is `domain`, and shows a dialback key.
        func claim(_ domain: String) throws {
            let claim = DialbackResult(
                from: EmbeddedStream.domain(domain), to: EmbeddedStream.domain("a.test"), .key("k"))
            try self.stream.hear(claim.element)
        }

        /// Whether the peer was told that it has proved `domain`.
        func isProved(_ domain: String) throws -> Bool {
            let answer = DialbackResult(
                from: EmbeddedStream.domain("a.test"), to: EmbeddedStream.domain(domain), .valid)
            return try self.stream.says(answer.element)
        }

        /// The key that is being verified for `domain`.
        func verification(of domain: String) throws -> DialbackVerification {
            try #require(self.role.verifications[DomainPair(local: "a.test", remote: domain)])
        }

        func breakOff() {
            self.stream.channel.close(promise: nil)
            self.stream.loop.run()
        }
    }

    @Test("Attack: proving one domain again and again on one stream. It is there once, until the stream ends")
    func repeated() throws {
        let visit = try Visit()
        for _ in 0..<3 {
            try visit.stream.forget()
            try visit.claim("b.test")
            #expect(try visit.isProved("b.test"))
            #expect(visit.remotes.visitCount(of: "b.test") == 1)
        }
        visit.breakOff()
        #expect(visit.remotes.visitCount(of: "b.test") == 0)
    }

    @Test("A domain is there from the verdict on its key until the stream ends")
    func verified() throws {
        let visit = try Visit()
        try visit.claim("c.test")
        let verification = try visit.verification(of: "c.test")
        #expect(visit.remotes.visitCount(of: "c.test") == 0)
        verification.end(.valid)
        #expect(try visit.isProved("c.test"))
        #expect(visit.remotes.visitCount(of: "c.test") == 1)
        visit.breakOff()
        #expect(visit.remotes.visitCount(of: "c.test") == 0)
    }

    @Test("A verdict that comes after the end of the stream brings nobody here")
    func lateVerdict() throws {
        let visit = try Visit()
        try visit.claim("c.test")
        let verification = try visit.verification(of: "c.test")
        visit.breakOff()
        verification.end(.valid)
        visit.stream.loop.run()
        #expect(visit.remotes.visitCount(of: "c.test") == 0)
    }
}
