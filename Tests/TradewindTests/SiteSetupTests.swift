import ArgumentParser
import CloudModel
import Foundation
import MachineDrivers
import Operations
import Testing
import XMPP
import XMPPTransport

@testable import tradewind

@Suite("init")
struct SiteSetupTests {
    /// A folder of its own that is gone afterwards.
    private static func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-setup-\(UUID().uuidString)").path
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

    private static func setUp(_ folder: String, _ options: [String] = []) throws -> [String] {
        let command = try InitCommand.parse(
            [
                "--domain", "paris.test", "--directory", folder + "/paris", "--ca", folder + "/ca",
                "--driver", "memory",
            ] + options)
        return try SiteSetup(command).write()
    }

    private static func permissions(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    @Test("The network of machines is read, and a wrong one is refused with what it must be")
    func readsNetwork() async throws {
        try await Self.inFolder { folder in
            _ = try Self.setUp(folder)
            let path = folder + "/paris/tradewind.yaml"
            let written = try String(contentsOfFile: path, encoding: .utf8)
            #expect(try await ServeConfiguration.reading(path).agent?.network == MachineNetwork.none)
            func with(_ network: String) throws {
                try written.replacing("driver: memory", with: "driver: memory\n  network: \(network)")
                    .write(toFile: path, atomically: true, encoding: .utf8)
            }
            try with("bridge:br0")
            #expect(try await ServeConfiguration.reading(path).agent?.network == .bridge("br0"))
            try with("nat")
            await #expect(throws: OperationError.self) { try await ServeConfiguration.reading(path) }
        }
    }

    @Test("What it writes can be served, and secrets are their owner's alone")
    func writesASite() async throws {
        try await Self.inFolder { folder in
            let told = try Self.setUp(
                folder,
                [
                    "--coordinator", "--latitude", "48.85", "--longitude", "2.35", "--country", "FR",
                    "--route",
                    "tokyo.test=127.0.0.1:15270",
                ])
            #expect(told.first?.contains("is written") == true)
            let configuration = try await ServeConfiguration.reading(folder + "/paris/tradewind.yaml")
            #expect(configuration.address.description == "paris.test")
            #expect(configuration.agent?.driver == .memory)
            #expect(configuration.isCoordinator)
            #expect(configuration.server?.routes["tokyo.test"] == [Route(host: "127.0.0.1", port: 15_270)])
            #expect(configuration.grants.map(\.subject) == [.address("admin@paris.test")])
            #expect(configuration.profile.position?.latitude == 48.85)
            let server = try #require(configuration.server)
            let files = server.certificate
            _ = try CertificateStore(certificates: ["paris.test": files], trust: server.trust)
            for secret in [
                files.key, configuration.siteKeyFile, configuration.clientTokenFile, folder + "/ca/ca.key",
            ] {
                #expect(try Self.permissions(secret) == 0o600)
            }
        }
    }

    @Test("An authority is made once and used again; a site is never overwritten")
    func keepsWhatIsThere() async throws {
        try await Self.inFolder { folder in
            _ = try Self.setUp(folder)
            let authority = try String(contentsOfFile: folder + "/ca/ca.crt", encoding: .utf8)
            let error = #expect(throws: OperationError.self) { try Self.setUp(folder) }
            #expect(error?.code == .conflict)
            let second = try InitCommand.parse([
                "--domain", "tokyo.test", "--directory", folder + "/tokyo", "--ca", folder + "/ca",
            ])
            _ = try SiteSetup(second).write()
            #expect(
                try String(contentsOfFile: folder + "/tokyo/tls/authorities.crt", encoding: .utf8)
                    == authority)
        }
    }

    @Test(
        "Wishes that do not go together are refused",
        arguments: [
            ["--domain", "alice@paris.test"], ["--domain", "paris..test"], ["--driver", "xen"],
            ["--latitude", "1"], ["--certificate", "a.pem"],
        ])
    func refusesWishes(options: [String]) throws {
        let usual = ["--domain", "paris.test", "--directory", "/nowhere"]
        let command = try InitCommand.parse(usual + options)
        #expect(throws: OperationError.self) { try SiteSetup(command) }
    }

    @Test(
        "A configuration that is wrong is told with its key",
        arguments: [
            ("level: info", "levle: info", "there is no key log.levle"),
            ("level: info", "level: loud", "log.level must be one of"),
            ("port: 5222", "port: 99999", "server.clients.port must be a whole number from 0 to 65535"),
            ("port: 5222", "port: many", "server.clients.port must be a whole number from 0 to 65535"),
            ("address: paris.test", "address: a@b@c", "site.address must be an XMPP address"),
            ("driver: memory", "driver: xen", "agent.driver must be one of libvirt, memory"),
            ("  certificate: tls/site.crt\n", "", "server.certificate is missing"),
            ("admin@paris.test all", "admin@paris.test everything", "“everything” is no permission"),
            ("sha256:", "md5:", "api.tokens must be a list of texts ADDRESS sha256:DIGEST LABEL"),
        ])
    func tellsTheKey(text: String, replacement: String, message: String) async throws {
        try await Self.inFolder { folder in
            _ = try Self.setUp(folder)
            let path = folder + "/paris/tradewind.yaml"
            let good = try String(contentsOfFile: path, encoding: .utf8)
            #expect(good.contains(text))
            try good.replacing(text, with: replacement).write(toFile: path, atomically: true, encoding: .utf8)
            let error = await #expect(throws: OperationError.self) {
                try await ServeConfiguration.reading(path)
            }
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }

    @Test("A file that is not there and one that is no YAML are told apart from a wrong key")
    func tellsUnreadableFiles() async throws {
        try await Self.inFolder { folder in
            let missing = await #expect(throws: OperationError.self) {
                try await ServeConfiguration.reading(folder + "/none.yaml")
            }
            #expect(missing?.next == "make one with: tradewind init")
            try "a: [".write(toFile: folder + "/bad.yaml", atomically: true, encoding: .utf8)
            let bad = await #expect(throws: OperationError.self) {
                try await ServeConfiguration.reading(folder + "/bad.yaml")
            }
            #expect(bad?.code == .badRequest)
        }
    }
}
