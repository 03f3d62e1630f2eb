import NIOCore
import Testing
import XML
import XMPP
import XMPPTransport

@testable import XMPPServer

/// What the server takes if nobody configures anything, as the threat model and the configuration's page say it.
@Suite("Limits that hold without configuration")
struct DefaultLimitTests {
    private let limits = ServerLimits()
    private var transport: TransportLimits { self.limits.transport }

    @Test("The size of a stanza: before authentication, of clients, of servers")
    func stanzas() {
        #expect(self.transport.unauthenticated.stanzaBytes == 10_000)
        #expect(self.transport.unauthenticated.elementsPerStanza == 64)
        #expect(self.transport.unauthenticated.depth == 8)
        #expect(self.transport.client.stanzaBytes == 262_144)
        #expect(self.transport.client.elementsPerStanza == 4_096)
        #expect(self.transport.remote.stanzaBytes == 524_288)
        #expect(self.transport.remote.elementsPerStanza == 8_192)
    }

    @Test("Times: to authenticate, for TLS, of silence")
    func times() {
        #expect(self.transport.authenticationTime == .seconds(30))
        #expect(self.transport.handshakeTime == .seconds(10))
        #expect(self.transport.clientSilence == .minutes(5))
        #expect(self.transport.clientAnswer == .seconds(30))
        #expect(self.transport.idleRemote == .minutes(10))
        #expect(self.transport.shortestBackOff == .seconds(1))
        #expect(self.transport.longestBackOff == .seconds(300))
    }

    @Test("Numbers: of failures, connections, sessions, messages, and of what waits")
    func numbers() {
        #expect(self.transport.authenticationFailures == 5)
        #expect(self.transport.failuresPerAddress == 20)
        #expect(self.transport.slowPeerStanzas == 500)
        #expect(self.transport.slowPeerBytes == 1_048_576)
        #expect(self.transport.backlog == 1_024)
        #expect(self.limits.sessionsPerAccount == 10)
        #expect(self.limits.keptMessagesPerAccount == 100)
        #expect(self.limits.keptBytesPerAccount < self.transport.slowPeerBytes)
        #expect(self.limits.sessions.hibernated == .init(stanzas: 500, bytes: 1_048_576))
        let rate = self.transport.rates.clients
        #expect(rate == RateLimit(bytesPerSecond: 32_768, burst: 262_144))
    }

    @Test("The tenth client of an account is let in, the eleventh is told resource-constraint")
    func sessions() throws {
        let server = try EmbeddedServer()
        for number in 1...10 {
            let client = try EmbeddedClient.online("alice", "r\(number)", isManaged: false, on: server)
            #expect(client.address?.resource == "r\(number)")
        }
        let eleventh = try EmbeddedClient("alice", on: server)
        try eleventh.bind("r11")
        #expect(eleventh.address == nil)
        #expect(eleventh.inbox.last?.errorCondition == .resourceConstraint)
        // Another account has its own room.
        #expect(try EmbeddedClient.online("bob", "r1", isManaged: false, on: server).address != nil)
    }
}
