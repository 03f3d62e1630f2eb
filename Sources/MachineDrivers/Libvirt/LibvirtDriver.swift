package import CloudModel
package import Logging
import Synchronization

/// Machines on a host that libvirt manages: QEMU inside this process by default, any URI by configuration.
///
/// Nothing is started before `run()`; until it has connected, every call throws `unavailable`. Machines that others
/// made are listed and never touched: every call but the listing refuses them.
package final class LibvirtDriver: MachineDriver {
    private let configuration: LibvirtConfiguration
    private let subscribers = DriverEvents()
    private let session: LibvirtSession
    /// Who waits for guests that are forced off, and for how many each.
    private let hands = (0..<LibvirtHand.count).map { _ in LibvirtHand() }
    private let loads = Mutex(Array(repeating: 0, count: LibvirtHand.count))
    private let files: MachineFiles
    private let logger: Logger
    /// Machines whose console could not be cut, or its end not be kept: each is told once.
    private let uncut = Mutex<Set<MachineID>>([])

    package init(
        configuration: LibvirtConfiguration,
        logger: Logger = Logger(label: "tradewind.driver") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.configuration = configuration
        self.logger = logger
        self.session = LibvirtSession(configuration: configuration, subscribers: self.subscribers)
        self.files = MachineFiles(directory: configuration.filesDirectory)
    }

    package var abilities: DriverAbilities {
        self.configuration.isLocalQEMU ? [.console, .boots, .outlives] : []
    }

    package func hosts() async throws(DriverError) -> [Host] {
        var host = try await self.session.host()
        if self.configuration.isLocalQEMU {
            let machines = try await self.session.identifiers()
            await self.cutConsoles(of: machines)
            host.total.disk = try await self.files.capacity(with: machines)
        }
        if let offered = self.configuration.offered { host.total = offered }
        return [host]
    }

    /// What goes wrong with a console is told and hides no host.
    private func cutConsoles(of machines: Set<MachineID>) async {
        let faults = await self.files.cutConsoles(of: machines, beyond: self.configuration.consoleMax)
        let new = self.uncut.withLock { uncut in
            defer { uncut = Set(faults.keys) }
            return Set(faults.keys).subtracting(uncut)
        }
        for id in new.sorted() {
            self.logger.warning(
                "a console that has grown beyond its limit could not be cut with its end kept",
                metadata: ["machine": "\(id)", "error": "\(faults[id].map(\.description) ?? "")"])
        }
    }

    package func machines() async throws(DriverError) -> [DriverMachine] {
        try await self.session.machines()
    }

    package func machine(_ id: MachineID) async throws(DriverError) -> DriverMachine {
        try await self.session.machine(id)
    }

    package func create(
        _ definition: MachineDefinition, from image: PreparedImage, on host: String
    ) async throws(DriverError) {
        let id = definition.id
        guard try await self.session.hostname() == host else {
            throw .failed(attempt: "create machine \(id)", reason: "there is no host \(host)")
        }
        guard try await self.session.machines().allSatisfy({ $0.id != id }) else {
            throw .alreadyExists(id)
        }
        var devices = DomainXML.Devices()
        do throws(DriverError) {
            if self.configuration.isLocalQEMU {
                devices = try await self.files.make(
                    definition, from: image, serialConsole: try await self.session.capabilities.serialConsole)
            }
            devices.network = self.configuration.network
            try await self.session.define(definition, devices: devices)
        } catch {
            // What was half made would take room for ever. The first error is the one that counts.
            do throws(DriverError) {
                try await self.files.remove(id)
            } catch let leftover {
                throw .failed(attempt: "create machine \(id)", reason: "\(error); then \(leftover)")
            }
            throw error
        }
    }

    package func start(_ id: MachineID) async throws(DriverError) {
        try await self.requireOurs(id)
        try await self.session.start(id)
    }

    package func shutdown(_ id: MachineID) async throws(DriverError) {
        try await self.requireOurs(id)
        try await self.session.shutdown(id)
    }

    package func reboot(_ id: MachineID) async throws(DriverError) {
        try await self.requireOurs(id)
        try await self.session.reboot(id)
    }

    package func forceOff(_ id: MachineID) async throws(DriverError) {
        try await self.requireOurs(id)
        try await self.destroy(id)
    }

    private func destroy(_ id: MachineID) async throws(DriverError) {
        let domain = try await self.session.running(id)
        let hand = self.loads.withLock { loads -> Int in
            let idlest = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            loads[idlest] += 1
            return idlest
        }
        defer { self.loads.withLock { $0[hand] -= 1 } }
        try await self.hands[hand].destroy(domain, id)
    }

    package func suspend(_ id: MachineID) async throws(DriverError) {
        try await self.requireOurs(id)
        try await self.session.suspend(id)
    }

    package func resume(_ id: MachineID) async throws(DriverError) {
        try await self.requireOurs(id)
        try await self.session.resume(id)
    }

    package func delete(_ id: MachineID) async throws(DriverError) {
        do throws(DriverError) {
            try await self.requireOurs(id)
            try await self.end(id)
            try await self.session.undefine(id)
        } catch {
            // Without a definition the files are what an interrupted deletion, or creation, has left.
            guard case .notFound = error, try await !self.session.identifiers().contains(id) else {
                throw error
            }
            try await self.files.remove(id)
            throw error
        }
        try await self.files.remove(id)
    }

    /// Forces it off, if it runs; what that comes to shows when it is undefined.
    private func end(_ id: MachineID) async throws(DriverError) {
        do throws(DriverError) {
            try await self.destroy(id)
        } catch {
            switch error {
            case .invalidState, .failed: return
            case .notFound, .alreadyExists, .unavailable, .insufficientResources: throw error
            }
        }
    }

    package func console(_ id: MachineID, limit: Int) async throws(DriverError) -> ConsoleTail {
        try await self.requireOurs(id)
        return try await self.files.consoleTail(of: id, limit: limit)
    }

    package func events() -> AsyncStream<DriverEvent> {
        self.subscribers.subscribe()
    }

    package func run() async throws {
        do {
            try await self.keepConnected()
        } catch {
            await self.session.close()
            throw error
        }
    }

    /// Throws only when cancelled.
    private func keepConnected() async throws {
        var wait = self.configuration.reconnectMin
        var isLost = false
        while true {
            do throws(DriverError) {
                if try await self.session.open() {
                    wait = self.configuration.reconnectMin
                    isLost = false
                    self.subscribers.publish(.resynchronize)
                }
            } catch {
                if !isLost { self.subscribers.publish(.unavailable(reason: "\(error)")) }
                isLost = true
                try await Task.sleep(for: wait)
                wait = min(wait * 2, self.configuration.reconnectMax)
                continue
            }
            try await Task.sleep(for: self.configuration.checkInterval)
            if await !self.session.isAlive() {
                self.subscribers.publish(.unavailable(reason: "\(self.configuration.uri) was closed"))
                isLost = true
            }
        }
    }

    private func requireOurs(_ id: MachineID) async throws(DriverError) {
        guard try await self.session.machine(id).definition != nil else { throw .notFound(id) }
    }
}
