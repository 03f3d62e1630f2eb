import Agent
import ArgumentParser
import CloudModel
import Coordinator
import Foundation
import Gossip
import MachineDrivers
import Operations
import Participant
import Placement
import Synchronization
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

    /// The usual configuration with more in its sections.
    private static func reading(_ more: [String: String]) async throws -> ServeConfiguration {
        let read = Mutex<ServeConfiguration?>(nil)
        try await Self.inFolder { folder in
            _ = try Self.setUp(folder, ["--coordinator"])
            let path = folder + "/paris/tradewind.yaml"
            var text = try String(contentsOfFile: path, encoding: .utf8)
            for (section, keys) in more {
                text =
                    text.contains("\n\(section):\n")
                    ? text.replacing("\n\(section):\n", with: "\n\(section):\n\(keys)")
                    : text + "\(section):\n\(keys)"
            }
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let configuration = try await ServeConfiguration.reading(path)
            read.withLock { $0 = configuration }
        }
        return try #require(read.withLock { $0 })
    }

    @Test("Quotas, prices, times and limits are read")
    func readsRules() async throws {
        let configuration = try await Self.reading([
            "agent": """
              offered:
                vcpus: 4
                memory: 8G
                disk: 20G
              quota:
                machines: 10
                memory: 4G
              quotas:
                - "tokyo.test vcpus=2 disk=1G"
                - "rome.test machines=0"
              held-per-holder: 3
              remembrance: 2h
              measure-interval: 500ms
              hot:
                cpu: 80
                disk: 0
                io-pressure: 100
                gap: 5
                measurements: 7
              image-cache: 3G
              console-limit: 1M
              price:
                currency: EUR
                micros-per-vcpu-hour: 12000
                micros-per-gib-hour: 3000

            """,
            "coordinator": """
              hold-for: 30s
              request-timeout: 5s
              patience: 2m
              workloads: 7
              removed-workloads: 8
              applications: 9
              remembrance: 1h
              currency: CHF
              exchange-rates: ["USD:0.9", "EUR:0.95"]
              rebalance:
                enabled: true
                interval: 30s
                moves-per-hour: 0
                cool-down: 2h
                minimum-gain: 0.5
                moving-cost: 7

            """,
            "federation": """
              heartbeat: 5s
              ping-interval: 4s
              ping-timeout: 3s
              suspect-after: 20s
              unreachable-after: 40s
              retry-interval: 6s
              answer-timeout: 7s
              sites: 9
              invitations: 2

            """,
        ])
        let agent = try #require(configuration.agent)
        #expect(agent.offered == Resources(vcpus: 4, memory: .gibibytes(8), disk: .gibibytes(20)))
        #expect(agent.rules.defaultQuota.machines == 10)
        #expect(agent.rules.defaultQuota.resources?.memory == .gibibytes(4))
        #expect(agent.rules.defaultQuota.resources?.covers(Self.huge) == true)
        let tokyo = try #require(agent.rules.quotas[SiteID("tokyo.test")])
        #expect(tokyo.machines == nil && tokyo.resources?.vcpus == 2)
        #expect(tokyo.resources?.disk == .gibibytes(1))
        #expect(agent.rules.quotas[SiteID("rome.test")] == .init(resources: nil, machines: 0))
        #expect(agent.rules.heldPerHolderMax == 3 && agent.rules.memory == .seconds(7_200))
        #expect(agent.measureInterval == .milliseconds(500))
        #expect(
            agent.heat.limits == [.cpu: 0.8, .memory: 0.95, .memoryPressure: 0.5, .ioPressure: 1])
        #expect(agent.heat.gap == 0.05 && agent.heat.measurements == 7)
        #expect(agent.imageCacheMax == .gibibytes(3) && agent.consoleMax == Mebibytes(1))
        #expect(
            agent.price
                == Price(currency: "EUR", microsPerVCPUHour: 12_000, microsPerGibibyteHour: 3_000))
        let coordinator = configuration.coordinator
        #expect(coordinator.holdFor == .seconds(30) && coordinator.requestTimeout == .seconds(5))
        #expect(coordinator.patience == .seconds(120) && coordinator.workloadLimit == 7)
        #expect(coordinator.removedLimit == 8 && coordinator.applicationLimit == 9)
        #expect(coordinator.remembrance == .seconds(3_600))
        #expect(coordinator.rules.currency == "CHF")
        #expect(coordinator.rules.exchangeRates == ["USD": 0.9, "EUR": 0.95])
        #expect(
            coordinator.rebalancing
                == RebalancingPolicy(
                    isAutomatic: true, interval: .seconds(30), movesPerHour: 0, coolDown: .seconds(7_200),
                    rules: RebalancingRules(movingCost: 7, minimumGain: 0.5)))
        let federation = configuration.federation
        #expect(federation.alliance.publication.heartbeat == .seconds(5))
        #expect(federation.alliance.publication.lifetime == .seconds(15))
        #expect(federation.alliance.contact.pingInterval == .seconds(4))
        #expect(federation.alliance.contact.pingTimeout == .seconds(3))
        #expect(federation.alliance.contact.suspectAfter == .seconds(20))
        #expect(federation.alliance.contact.unreachableAfter == .seconds(40))
        #expect(federation.alliance.retryInterval == .seconds(6))
        #expect(federation.answerTimeout == .seconds(7))
        #expect(federation.alliance.membership.sites == 9 && federation.alliance.rows.sites == 9)
        #expect(federation.alliance.membership.unanswered == 2)
        #expect(federation.name == "paris.test" && federation.role == .agent)
    }

    private static let huge = Resources(vcpus: 100_000, memory: .gibibytes(4), disk: .gibibytes(1_000_000))

    @Test("What is not said is as the manual says")
    func usualRules() async throws {
        let configuration = try await Self.reading([:])
        #expect(configuration.agent?.rules == SiteRules())
        #expect(configuration.agent?.heat == HeatRules())
        #expect(configuration.agent?.imageCacheMax == .gibibytes(128))
        #expect(configuration.agent?.consoleMax == Mebibytes(16))
        #expect(configuration.agent?.price == nil && configuration.agent?.offered == nil)
        #expect(
            configuration.coordinator == Coordinator.Configuration(address: SiteID("paris.test")))
        #expect(configuration.federation.alliance == Alliance.Configuration())
    }

    @Test(
        "Rules that are wrong are told with their key",
        arguments: [
            ("agent", "  quotas:\n    - \"tokyo.test\"\n", "agent.quotas must be a list of texts ADDRESS"),
            ("agent", "  quotas:\n    - \"tokyo.test cores=2\"\n", "agent.quotas must be"),
            ("agent", "  quotas:\n    - \"tokyo.test vcpus=many\"\n", "tradewind.yaml: agent.quotas must be"),
            ("agent", "  quotas:\n    - \"tokyo.test vcpus=1 vcpus=2\"\n", "or there twice"),
            (
                "agent", "  overcommit:\n    vcpus: 0.99\n",
                "agent.overcommit.vcpus must be a number from 1 to 16"
            ),
            (
                "agent", "  overcommit:\n    disk: 16.01\n",
                "agent.overcommit.disk must be a number from 1 to 16"
            ),
            ("agent", "  hot:\n    cpu: 101\n", "agent.hot.cpu must be a whole number from 0 to 100"),
            (
                "agent", "  hot:\n    measurements: 0\n",
                "agent.hot.measurements must be a whole number from 1"
            ),
            (
                "coordinator", "  rebalance:\n    moves-per-hour: 1001\n",
                "coordinator.rebalance.moves-per-hour must be"
            ),
            (
                "coordinator", "  rebalance:\n    minimum-gain: -1\n",
                "coordinator.rebalance.minimum-gain must be a number from 0"
            ),
            (
                "coordinator", "  rebalance:\n    interval: 9s\n",
                "coordinator.rebalance.interval must be a time from"
            ),
            ("agent", "  offered:\n    vcpus: 4\n", "agent.offered must be given in full"),
            ("agent", "  price:\n    currency: EUR\n", "agent.price must be given in full"),
            ("agent", "  carbon:\n    grams-per-kwh: 20\n", "agent.carbon must be given with"),
            (
                "agent", "  carbon:\n    grams-per-kwh: 6000\n    watts-per-vcpu: 3\n",
                "agent.carbon must be numbers from 0"
            ),
            ("coordinator", "  currency: euro\n", "coordinator.currency must be a code"),
            (
                "coordinator", "  exchange-rates: [\"USD:much\"]\n",
                "coordinator.exchange-rates must be entries"
            ),
            ("agent", "  measure-interval: 1ms\n", "agent.measure-interval must be a time from 0.1 seconds"),
            ("agent", "  console-limit: 0M\n", "agent.console-limit must be a size of at least 1M"),
            ("agent", "  image-cache: 0M\n", "agent.image-cache must be a size of at least 1M"),
            ("coordinator", "  patience: 121s\n", "coordinator.patience must be a time from"),
            ("coordinator", "  hold-for: 20s\n", "coordinator.hold-for must be more than twice"),
            ("coordinator", "  hold-for: 601s\n", "coordinator.hold-for must be a time from"),
            ("federation", "  heartbeat: 11s\n", "federation.heartbeat must be a time from"),
            ("federation", "  suspect-after: 30s\n", "federation.suspect-after must be less than"),
        ])
    func tellsRules(section: String, keys: String, message: String) async throws {
        let error = await #expect(throws: OperationError.self) {
            try await Self.reading([section: keys])
        }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
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
