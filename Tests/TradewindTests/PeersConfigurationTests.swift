import ArgumentParser
import Foundation
import Operations
import Testing
import XMPP
import XMPPServer
import XMPPTransport

@testable import tradewind

@Suite("How other domains prove who they are, in the configuration")
struct PeersConfigurationTests {
    /// The policy that a file has with these lines below `federation.peers`.
    private static func policy(_ lines: [String], server: [String] = []) async throws -> RemotePolicy {
        let section = lines.isEmpty ? [] : ["peers:"] + lines.map { "  \($0)" }
        return try await self.server(federation: section, server: server).remotePolicy
    }

    /// The server that a file has with these lines below `federation` and `server`.
    private static func server(
        federation lines: [String], server: [String] = []
    ) async throws -> XMPPServer.Configuration {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-peers-\(UUID().uuidString)").path
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
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text.replace("server:\n", with: "server:\n" + server.map { "  \($0)\n" }.joined())
        if !lines.isEmpty { text += "\nfederation:\n" + lines.map { "  \($0)\n" }.joined() }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let configuration = try await ServeConfiguration.reading(path)
        return configuration.xmppServer(try #require(configuration.server))
    }

    @Test("DNS is validated only if the file says so, and then by a key that is there")
    func dane() async throws {
        #expect(try await Self.server(federation: []).rootKey == nil)
        #expect(try await Self.server(federation: ["dane: false", "root-key: none"]).rootKey == nil)
        let key = FileManager.default.temporaryDirectory.appending(path: "root-\(UUID().uuidString).key").path
        try ". IN DS 20326 8 2 00".write(toFile: key, atomically: true, encoding: .utf8)
        #expect(try await Self.server(federation: ["dane: true", "root-key: \(key)"]).rootKey == key)
        try FileManager.default.removeItem(atPath: key)
        let error = await #expect(throws: OperationError.self) {
            _ = try await Self.server(federation: ["dane: true", "root-key: \(key)"])
        }
        #expect(error?.message.contains("dns-root-data") == true)
    }

    @Test("Name servers are those of the system, unless the file names others")
    func nameServers() async throws {
        #expect(try await Self.server(federation: []).nameServers == [])
        let server = try await Self.server(
            federation: ["name-servers:", "  - 192.0.2.53", "  - lyon.test=127.0.0.1:5300"])
        #expect(
            server.nameServers == [
                NameServer(domain: nil, address: "192.0.2.53"),
                NameServer(domain: "lyon.test", address: "127.0.0.1", port: 5_300),
            ])
        let error = await #expect(throws: OperationError.self) {
            _ = try await Self.server(federation: ["name-servers:", "  - ns.lyon.test"])
        }
        #expect(error?.message.contains("federation.name-servers") == true)
    }

    @Test("Without a word certificates are required of all, or dialback is enough for all")
    func defaults() async throws {
        #expect(try await Self.policy([]) == RemotePolicy(standard: .certificate))
        #expect(
            try await Self.policy([], server: ["dialback: true"])
                == RemotePolicy(standard: .certificateOrDialback))
    }

    @Test("Each domain, and all below one, can be treated otherwise")
    func exceptions() async throws {
        let (one, other) = (String(repeating: "01", count: 32), String(repeating: "ff", count: 32))
        let policy = try await Self.policy([
            "tokyo.test: certificate", "\"*.Old.test\": dialback", "evil.test: blocked",
            "lyon.test: pinned sha256:\(one) sha256:\(other)",
        ])
        #expect(
            policy
                == RemotePolicy(
                    standard: .certificate,
                    exceptions: [
                        "tokyo.test": .certificate, "*.old.test": .certificateOrDialback,
                        "evil.test": .blocked,
                        "lyon.test": .pinned([
                            [UInt8](repeating: 1, count: 32), [UInt8](repeating: 255, count: 32),
                        ]),
                    ]))
    }

    @Test(
        "What cannot be understood is told with its key",
        arguments: [
            "tokyo.test: trusted", "tokyo.test: pinned", "tokyo.test: pinned sha256:00",
            "tokyo.test: certificate please", "user@tokyo.test: blocked",
        ])
    func refused(line: String) async throws {
        let error = await #expect(throws: OperationError.self) { _ = try await Self.policy([line]) }
        #expect(error?.message.contains("federation.peers.") == true)
    }
}
