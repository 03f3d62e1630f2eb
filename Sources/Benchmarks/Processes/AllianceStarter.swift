import Foundation

/// Writes the configurations of an alliance's processes and starts them.
struct AllianceStarter: Sendable {
    private static let portsEach = 2

    /// Everything of the processes is below it.
    let directory: String
    private let plan: AlliancePlan
    private let settings: BenchmarkSettings
    /// For each member one for HTTP and one for other servers; then one for each relay.
    private let ports: [Int]

    init(_ plan: AlliancePlan, _ settings: BenchmarkSettings) async throws {
        self.plan = plan
        self.settings = settings
        for path in [settings.tradewind] + (plan.delay > 0 ? [settings.relay] : [])
        where !FileManager.default.isExecutableFile(atPath: path) {
            throw BenchmarkFailure(
                "\(path) is no program; build tradewind, start from the repository's folder, or give "
                    + "--tradewind and --delay-relay")
        }
        let count = plan.members.count
        self.ports = try await FreePorts.take(count * Self.portsEach + count * count)
        self.directory = "/var/tmp/tradewind.\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(
            atPath: self.directory + "/images", withIntermediateDirectories: true)
    }

    /// Appends each process to `children` as soon as it runs, so that the caller can end it.
    func start(_ children: inout [ChildProcess]) async throws -> Alliance {
        let image = self.directory + "/images/disk.raw"
        try Data(count: 65_536).write(to: URL(fileURLWithPath: image))
        let relay = self.plan.delay > 0 ? try self.startRelays() : nil
        if let relay { children.append(relay) }
        var members: [Alliance.Member] = []
        for index in self.plan.members.indices {
            let member = try await self.start(index)
            children.append(member.process)
            members.append(member)
        }
        for member in members {
            try await Alliance.wait("\(member.domain) answers") { await member.client.isHealthy() }
        }
        return Alliance(members: members, relay: relay, image: image)
    }

    private func start(_ index: Int) async throws -> Alliance.Member {
        let place = self.plan.members[index]
        let isCoordinator = index >= self.plan.sites.count
        let folder = "\(self.directory)/\(place.domain)"
        var arguments = [
            "init", "--domain", place.domain, "--directory", folder, "--country", place.country,
            "--latitude=\(place.latitude)", "--longitude=\(place.longitude)", "--ca",
            self.directory + "/authority", "--http-port", "\(self.httpPort(index))", "--client-port", "0",
            "--server-port", "\(self.serverPort(index))", "--driver", isCoordinator ? "none" : "memory",
        ]
        if isCoordinator {
            arguments.append("--coordinator")
        } else {
            arguments += ["--image-directory", self.directory + "/images"]
        }
        for (other, place) in self.plan.members.enumerated() where other != index {
            let port = self.plan.delay > 0 ? self.relayPort(index, other) : self.serverPort(other)
            arguments.append("--route=\(place.domain)=127.0.0.1:\(port)")
        }
        try await ChildProcess.run(
            self.settings.tradewind, arguments, log: "\(self.directory)/\(place.domain).init")
        let file = folder + "/tradewind.yaml"
        let text = self.adapted(try String(contentsOfFile: file, encoding: .utf8))
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let token = try String(contentsOfFile: folder + "/token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return Alliance.Member(
            domain: place.domain,
            process: try ChildProcess(
                self.settings.tradewind, ["serve", "--config", file], log: folder + "/log"),
            client: ControlClient(port: self.httpPort(index), token: token))
    }

    /// A configuration as `tradewind init` writes it, with what the plan says about sites and coordinators.
    private func adapted(_ configuration: String) -> String {
        let (vcpus, memory, disk) = self.plan.offered
        let offered = "  offered:\n    vcpus: \(vcpus)\n    memory: \(memory)\n    disk: \(disk)\n"
        let section = "coordinator:\n  enabled: true\n"
        let settings = self.plan.coordinatorSettings.map { "  \($0)\n" }.joined()
        return
            configuration
            .replacingOccurrences(of: "  driver: memory\n", with: "  driver: memory\n" + offered)
            .replacingOccurrences(of: section, with: section + settings)
    }

    /// One relay for each direction in which a stream is opened; it delays both ways of that stream.
    private func startRelays() throws -> ChildProcess {
        var arguments: [String] = []
        for from in self.plan.members.indices {
            for to in self.plan.members.indices where to != from {
                arguments.append(
                    "\(self.relayPort(from, to))=\(self.serverPort(to))=\(self.plan.delay)")
            }
        }
        return try ChildProcess(self.settings.relay, arguments, log: self.directory + "/relay.log")
    }

    private func httpPort(_ index: Int) -> Int { self.ports[index * Self.portsEach] }
    private func serverPort(_ index: Int) -> Int { self.ports[index * Self.portsEach + 1] }

    private func relayPort(_ from: Int, _ to: Int) -> Int {
        let count = self.plan.members.count
        return self.ports[count * Self.portsEach + from * count + to]
    }
}
