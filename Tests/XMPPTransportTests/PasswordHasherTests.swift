import Cryptography
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import TestSupport
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// Whoever logs in holds up nobody else, however slow that is.
@Suite("Hashing of passwords", .timeLimit(.minutes(2)))
struct PasswordHasherTests {
    /// One thread, which does nothing until it is released.
    private struct Bottleneck {
        let threads = NIOThreadPool(numberOfThreads: 1)
        private let lock = ConditionLock(value: 0)

        init() {
            self.threads.start()
            let lock = self.lock
            self.threads.submit { _ in
                lock.lock(whenValue: 1)
                lock.unlock()
            }
        }

        func release() {
            self.lock.lock()
            self.lock.unlock(withValue: 1)
        }

        func stop() async throws {
            self.release()
            try await self.threads.shutdownGracefully()
        }
    }

    private static let credentials = SCRAMCredentials.fake(
        for: "alice", secret: [1], iterations: 1, hash: .sha256)

    @Test("As many passwords wait as the limit says; one more does not, until one is done")
    func limit() async throws {
        let bottleneck = Bottleneck()
        let hasher = PasswordHasher(limit: 2, threads: bottleneck.threads)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let work = Self.credentials.hashing(of: "secret", hash: .sha256)
        let first = try #require(hasher.perform(work, on: loop))
        let second = try #require(hasher.perform(work, on: loop))
        #expect(hasher.perform(work, on: loop) == nil)
        bottleneck.release()
        #expect(try await first.get() == work.perform())
        #expect(try await second.get() == work.perform())
        let third = try #require(hasher.perform(work, on: loop))
        _ = try await third.get()
        try await bottleneck.stop()
    }

    /// A client that has sent its password by PLAIN and waits.
    private static func sendPassword(
        to site: TestSite, _ store: CertificateStore, password: String = TestSite.password
    ) async throws -> RawPeer {
        let peer = try await RawPeer(
            port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
        _ = try await peer.startTLS(to: "a.test")
        let message = [0] + Array("alice".utf8) + [0] + Array(password.utf8)
        peer.send(SASLElement.auth(mechanism: "PLAIN", initialResponse: message).element)
        return peer
    }

    @Test("While a password is hashed others log in; when too many wait, the next is to try again later")
    func others() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        let bottleneck = Bottleneck()
        let hasher = PasswordHasher(limit: 1, threads: bottleneck.threads)
        // One event loop for all: what blocks it blocks everybody.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await TestSite.run(
            "a.test", certificate: certificate, trust: authority.trust, group: group,
            mechanisms: [.plain, .scramSHA256Plus], hasher: hasher
        ) { site in
            let slow = try await Self.sendPassword(to: site, store)
            let other = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            let (facts, features) = try await other.startTLS(to: "a.test")
            let mechanism = try await ClientStreamTests.logIn(other, facts, features, to: "a.test")
            #expect(mechanism == "SCRAM-SHA-256-PLUS")
            try await Turns.pass(until: "a password is hashed") { hasher.underWayCount > 0 }
            let third = try await Self.sendPassword(to: site, store)
            #expect(
                try SASLElement(parsing: try await third.nextElement())
                    == .failure(SASLFailure(.temporaryAuthFailure)))
            bottleneck.release()
            #expect(try SASLElement(parsing: try await slow.nextElement()) == .success(nil))
            let wrong = try await Self.sendPassword(to: site, store, password: "wrong")
            #expect(
                try SASLElement(parsing: try await wrong.nextElement())
                    == .failure(SASLFailure(.notAuthorized)))
        }
        try await bottleneck.stop()
        try await group.shutdownGracefully()
    }
}
