import ArgumentParser
import Foundation
import Operations
import Testing
import XML
import XMPP
import XMPPServer
import XMPPTransport

@testable import tradewind

@Suite("The limits of the server, in the configuration")
struct LimitsConfigurationTests {
    /// The limits that a file has with these lines below `server.limits`.
    private static func limits(_ lines: [String]) async throws -> ServerLimits {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-limits-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch {
                Issue.record("\(folder) is left behind: \(error)")
            }
        }
        let command = try InitCommand.parse([
            "--domain", "paris.test", "--directory", folder + "/paris", "--ca", folder + "/ca", "--driver",
            "memory",
        ])
        _ = try SiteSetup(command).write()
        let path = folder + "/paris/tradewind.yaml"
        let written = try String(contentsOfFile: path, encoding: .utf8)
        let section = lines.isEmpty ? "" : "  limits:\n" + lines.map { "    \($0)\n" }.joined()
        try written.replacing("server:\n", with: "server:\n" + section)
            .write(toFile: path, atomically: true, encoding: .utf8)
        let configuration = try await ServeConfiguration.reading(path)
        return configuration.xmppServer(try #require(configuration.server)).limits
    }

    @Test("What is not in the file keeps its default")
    func defaults() async throws {
        var limits = try await Self.limits([])
        // Whom a grant trusts with something is exempt from rates.
        limits.transport.rates.exempt = []
        #expect(limits == ServerLimits())
    }

    @Test("Every limit can be set")
    func all() async throws {
        let limits = try await Self.limits([
            "authentication-time: 20s", "handshake-time: 5s", "handshakes: 7", "failures-per-stream: 3",
            "failures-per-address: 9", "failure-delay: 1s", "connections-per-address: 11", "backlog: 77",
            "connections: 500", "password-hashes: 8", "stanza-time: 90s",
            "client-rate: 1000", "client-burst: 2000", "server-rate: 0",
            "exempt: [carol@paris.test, ally.test]",
            "client-silence: 2m", "client-answer: 10s", "server-idle: 1m", "keepalive: 30s",
            "slow-stanzas: 50", "slow-bytes: 60000", "sessions-per-account: 4", "kept-messages: 5",
            "kept-bytes: 6000",
            "resumption-seconds: 60", "hibernated-sessions: 2", "hibernated-stanzas: 40",
            "hibernated-bytes: 50000", "inactive-stanzas: 30", "unauthenticated:", "  stanza-bytes: 10000",
            "  elements: 32", "  depth: 6", "clients:", "  stanza-bytes: 100000", "servers:",
            "  elements: 5000",
        ])
        var expected = ServerLimits()
        expected.transport.set(\.authenticationTime, to: .seconds(20))
        expected.transport.set(\.handshakeTime, to: .seconds(5))
        expected.transport.set(\.failureDelay, to: .seconds(1))
        expected.transport.set(\.clientSilence, to: .seconds(120))
        expected.transport.set(\.clientAnswer, to: .seconds(10))
        expected.transport.set(\.idleRemote, to: .seconds(60))
        expected.transport.set(\.keepalive, to: .seconds(30))
        expected.transport.handshakes = 7
        expected.transport.authenticationFailures = 3
        expected.transport.failuresPerAddress = 9
        expected.transport.connectionsPerAddress = 11
        expected.transport.connections = 500
        expected.transport.passwordHashes = 8
        expected.transport.set(\.stanzaTime, to: .seconds(90))
        expected.transport.backlog = 77
        expected.transport.slowPeerStanzas = 50
        expected.transport.slowPeerBytes = 60_000
        expected.transport.unauthenticated.elementsPerStanza = 32
        expected.transport.unauthenticated.depth = 6
        expected.transport.client.stanzaBytes = 100_000
        expected.transport.remote.elementsPerStanza = 5_000
        expected.transport.rates = RatePolicy(
            clients: RateLimit(bytesPerSecond: 1_000, burst: 2_000), remotes: nil,
            exempt: limits.transport.rates.exempt)
        expected.sessionsPerAccount = 4
        expected.keptMessagesPerAccount = 5
        expected.keptBytesPerAccount = 6_000
        expected.sessions.resumptionSeconds = 60
        expected.sessions.hibernatedPerAccount = 2
        expected.sessions.hibernated = .init(stanzas: 40, bytes: 50_000)
        expected.sessions.inactiveStanzas = 30
        #expect(limits == expected)
        let named = [try JID("carol@paris.test"), try JID("ally.test")]
        #expect(limits.transport.rates.exempt.isSuperset(of: named))
    }

    @Test(
        "What does not fit is refused with the key's name",
        arguments: [
            "handshakes: 0", "client-rate: -1", "authentication-time: 0s", "exempt: ['a@b@c']",
            "resumption-seconds: 86401",
        ])
    func refused(line: String) async throws {
        let error = await #expect(throws: OperationError.self) { try await Self.limits([line]) }
        #expect(error?.message.contains("server.limits") == true)
    }

    @Test("RFC 6120 §13.12: less than 10,000 bytes for a stanza cannot be asked for")
    func smallestStanza() async throws {
        await #expect(throws: OperationError.self) {
            try await Self.limits(["clients:", "  stanza-bytes: 9999"])
        }
    }
}
