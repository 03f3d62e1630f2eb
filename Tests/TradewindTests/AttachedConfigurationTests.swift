import ArgumentParser
import Foundation
import Operations
import Testing
import XMPP
import XMPPTransport

@testable import tradewind

@Suite("A site at somebody else's XMPP server")
struct AttachedConfigurationTests {
    private static func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-attached-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch {
                Issue.record("\(folder) is left behind: \(error)")
            }
        }
        try await body(folder)
    }

    private static func setUp(_ folder: String, _ options: [String]) throws -> [String] {
        try SiteSetup(
            try InitCommand.parse(
                ["--directory", folder, "--driver", "memory", "--admin", "you@example.org"] + options)
        ).write()
    }

    @Test("init --component writes what serve reads, with a secret that is its owner's alone")
    func component() async throws {
        try await Self.inFolder { folder in
            let told = try Self.setUp(
                folder, ["--domain", "paris.example.org", "--component", "127.0.0.1:5347"])
            #expect(told.contains { $0.contains("Component \"paris.example.org\"") })
            let configuration = try await ServeConfiguration.reading(folder + "/tradewind.yaml")
            guard case .attached(let attached) = configuration.link,
                case .component(let component) = attached.attachment
            else {
                Issue.record("not a component")
                return
            }
            #expect(component.domain.description == "paris.example.org")
            #expect(component.host == "127.0.0.1" && component.port == 5_347 && !component.usesTLS)
            #expect(component.secret.count == 32)
            #expect(attached.limits == .component)
            #expect(configuration.entity.description == "paris.example.org")
            let permissions = try FileManager.default.attributesOfItem(atPath: folder + "/xmpp.secret")
            #expect((permissions[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
    }

    @Test("init --client writes what serve reads; the process is found at one resource")
    func client() async throws {
        try await Self.inFolder { folder in
            try "correct-horse\n".write(toFile: folder + "/given", atomically: true, encoding: .utf8)
            _ = try Self.setUp(
                folder,
                [
                    "--client", "paris@example.org", "--secret-file", folder + "/given", "--connect",
                    "10.0.0.1:5223,tls",
                ])
            let configuration = try await ServeConfiguration.reading(folder + "/tradewind.yaml")
            guard case .attached(let attached) = configuration.link,
                case .client(let client) = attached.attachment
            else {
                Issue.record("not a client")
                return
            }
            #expect(client.account.description == "paris@example.org")
            #expect(client.password == "correct-horse")
            #expect(client.route == Route(host: "10.0.0.1", port: 5_223, security: .directTLS))
            #expect(!client.allowsPlain)
            #expect(attached.limits.bytesPerSecond == 9_000)
            #expect(configuration.entity.description == "paris@example.org/tradewind")
        }
    }

    @Test("How fast an attached process speaks and how soon it comes back is configuration")
    func attachmentLimits() async throws {
        try await Self.inFolder { folder in
            _ = try Self.setUp(folder, ["--domain", "paris.example.org", "--component", "127.0.0.1:5347"])
            let path = folder + "/tradewind.yaml"
            let lines = [
                "bytes-per-second: 2700", "burst-bytes: 5000", "retry-shortest: 3s", "retry-longest: 90s",
            ]
            let written = try String(contentsOfFile: path, encoding: .utf8)
            try written.replacing("xmpp:\n", with: "xmpp:\n" + lines.map { "  \($0)\n" }.joined())
                .write(toFile: path, atomically: true, encoding: .utf8)
            guard case .attached(let attached) = try await ServeConfiguration.reading(path).link else {
                Issue.record("not attached")
                return
            }
            var expected = AttachmentLimits(bytesPerSecond: 2_700, burstBytes: 5_000)
            expected.set(\.shortestBackOff, to: .seconds(3))
            expected.set(\.longestBackOff, to: .seconds(90))
            #expect(attached.limits == expected)
        }
    }

    @Test(
        "What does not go together is said at once",
        arguments: [
            (["--domain", "paris.example.org", "--component", "nowhere"], "--component"),
            (
                ["--domain", "a.example", "--client", "paris@example.org", "--component", "127.0.0.1:1"],
                "exclude"
            ),
            (["--client", "example.org"], "--client"), ([], "--domain or --client"),
            (["--domain", "a.example", "--connect", "127.0.0.1:5222"], "--connect"),
            (["--domain", "a.example", "--secret-file", "x"], "--secret-file"),
            (["--client", "paris@example.org", "--route", "a=b:1"], "--route"),
        ])
    func contradictions(options: [String], word: String) async throws {
        try await Self.inFolder { folder in
            let error = #expect(throws: OperationError.self) { try Self.setUp(folder, options) }
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
    }

    @Test(
        "A component's stream stays on this machine unless it has TLS; a server of ours and one of theirs exclude each other",
        arguments: [
            ("  kind: component\n  host: 10.0.0.1\n", "xmpp.host"),
            ("  kind: component\n  host: 127.0.0.1\nserver:\n  key: x\n", "server"),
            ("  kind: client\n", "site.address"),
            ("  kind: satellite\n", "xmpp.kind"),
            ("  kind: component\n  secret-file: missing\n", "missing"),
            ("  kind: component\n  secret-file: xmpp.secret\n  pasword-file: x\n", "pasword-file"),
        ])
    func refused(section: String, word: String) async throws {
        try await Self.inFolder { folder in
            let path = folder + "/tradewind.yaml"
            try "s\n".write(toFile: folder + "/xmpp.secret", atomically: true, encoding: .utf8)
            let text = "site:\n  address: paris.example.org\ncoordinator:\n  enabled: true\nxmpp:\n" + section
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = await #expect(throws: OperationError.self) {
                try await ServeConfiguration.reading(path)
            }
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
    }
}
