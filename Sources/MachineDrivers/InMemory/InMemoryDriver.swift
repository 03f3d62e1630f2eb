package import CloudModel
import Synchronization

/// Machines that exist in memory only: for tests, benchmarks and the simulator.
///
/// Deterministic: states change at once, or when `latency` lets them; nothing happens that nobody asked for.
package final class InMemoryDriver: MachineDriver {
    /// A call that can be made slow or faulty.
    package enum Call: Hashable, Sendable, CaseIterable {
        case hosts, list, create, start, shutdown, reboot, forceOff, suspend, resume, delete, console
    }

    private struct State {
        var hosts: [String: Host]
        var machines: [MachineID: DriverMachine] = [:]
        var consoles: [MachineID: String] = [:]
        /// Faults not yet thrown, oldest first.
        var faults: [Call: [DriverError]] = [:]
        var outage: String?
        var stubbornGuests: Set<MachineID> = []
    }

    /// What a guest writes once it has booted.
    private static let greeting = "TRADEWIND GUEST READY\n"

    private let state: Mutex<State>
    private let subscribers = DriverEvents()
    private let latency: @Sendable (Call) async -> Void

    /// `latency` is awaited before each call acts; it may wait on a clock of the caller's.
    package init(hosts: [Host], latency: @escaping @Sendable (Call) async -> Void = { _ in }) {
        self.state = Mutex(
            State(hosts: Dictionary(hosts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })))
        self.latency = latency
    }

    package var abilities: DriverAbilities { [.console] }

    package func hosts() async throws(DriverError) -> [Host] {
        try await self.enter(.hosts)
        return self.state.withLock { $0.hosts.values.sorted { $0.name < $1.name } }
    }

    package func machines() async throws(DriverError) -> [DriverMachine] {
        try await self.enter(.list)
        return self.state.withLock { $0.machines.values.sorted { $0.id < $1.id } }
    }

    package func machine(_ id: MachineID) async throws(DriverError) -> DriverMachine {
        try await self.enter(.list)
        guard let machine = self.state.withLock({ $0.machines[id] }) else { throw .notFound(id) }
        return machine
    }

    package func create(
        _ definition: MachineDefinition, from image: PreparedImage, on host: String
    ) async throws(DriverError) {
        try await self.enter(.create)
        let outcome = self.state.withLock { state -> Result<Void, DriverError> in
            guard state.hosts[host] != nil else {
                return .failure(.failed(attempt: "create a machine", reason: "there is no host \(host)"))
            }
            guard state.machines[definition.id] == nil else { return .failure(.alreadyExists(definition.id)) }
            state.machines[definition.id] = DriverMachine(
                id: definition.id, name: definition.specification.name, host: host, state: .stopped,
                resources: definition.specification.resources, definition: definition)
            state.consoles[definition.id] = ""
            return .success(())
        }
        try outcome.get()
    }

    package func start(_ id: MachineID) async throws(DriverError) {
        try await self.change(
            id, by: .start, from: [.stopped, .failed], to: .running, says: Self.greeting)
    }

    package func shutdown(_ id: MachineID) async throws(DriverError) {
        let isStubborn = self.state.withLock { $0.stubbornGuests.contains(id) }
        let target: MachineState = isStubborn ? .running : .stopped
        try await self.change(id, by: .shutdown, from: [.running, .stopping], to: target)
    }

    package func reboot(_ id: MachineID) async throws(DriverError) {
        try await self.change(id, by: .reboot, from: [.running], to: .running, says: Self.greeting)
    }

    package func forceOff(_ id: MachineID) async throws(DriverError) {
        try await self.change(id, by: .forceOff, from: [.running, .suspended, .stopping], to: .stopped)
    }

    package func suspend(_ id: MachineID) async throws(DriverError) {
        try await self.change(id, by: .suspend, from: [.running], to: .suspended)
    }

    package func resume(_ id: MachineID) async throws(DriverError) {
        try await self.change(id, by: .resume, from: [.suspended], to: .running)
    }

    package func delete(_ id: MachineID) async throws(DriverError) {
        try await self.enter(.delete)
        let found = self.state.withLock { state in
            state.consoles[id] = nil
            return state.machines.removeValue(forKey: id) != nil
        }
        guard found else { throw .notFound(id) }
        self.subscribers.publish(.removed(id))
    }

    package func console(_ id: MachineID, limit: Int) async throws(DriverError) -> ConsoleTail {
        try await self.enter(.console)
        guard let text = self.state.withLock({ $0.consoles[id] }) else { throw .notFound(id) }
        let bytes = Array(text.utf8)
        return ConsoleTail(
            text: String(decoding: bytes.suffix(limit), as: UTF8.self), isTruncated: bytes.count > limit,
            limit: limit)
    }

    package func events() -> AsyncStream<DriverEvent> {
        self.subscribers.subscribe()
    }

    package func run() async throws {
        self.subscribers.publish(.resynchronize)
        let (stream, continuation) = AsyncStream.makeStream(
            of: Never.self, bufferingPolicy: .bufferingNewest(1))
        for await _ in stream {}
        continuation.finish()
    }

    private func enter(_ call: Call) async throws(DriverError) {
        await self.latency(call)
        let fault = self.state.withLock { state -> DriverError? in
            if let outage = state.outage { return .unavailable(reason: outage) }
            guard var faults = state.faults[call], !faults.isEmpty else { return nil }
            let fault = faults.removeFirst()
            state.faults[call] = faults
            return fault
        }
        if let fault { throw fault }
    }

    /// What the guest `says` is on its console before anybody hears of the change.
    private func change(
        _ id: MachineID, by call: Call, from allowed: Set<MachineState>, to target: MachineState,
        says text: String? = nil
    ) async throws(DriverError) {
        try await self.enter(call)
        let outcome = self.state.withLock { state -> Result<MachineState, DriverError> in
            guard let machine = state.machines[id] else { return .failure(.notFound(id)) }
            guard allowed.contains(machine.state) else {
                return .failure(.invalidState(id, machine.state, attempt: "\(call)"))
            }
            state.machines[id]?.state = target
            state.machines[id]?.reason = nil
            if let text { state.consoles[id]?.append(text) }
            return .success(machine.state)
        }
        if try outcome.get() != target {
            self.subscribers.publish(.changed(id, target, reason: nil))
        }
    }

    /// The machine's guest writes `text`.
    package func write(_ text: String, toConsoleOf id: MachineID) {
        self.state.withLock { state in
            state.consoles[id]?.append(text)
        }
    }
}

/// What happens to machines and hosts without our doing.
extension InMemoryDriver {
    /// The next call of that kind throws `fault`, once.
    package func inject(_ fault: DriverError, into call: Call) {
        self.state.withLock { $0.faults[call, default: []].append(fault) }
    }

    /// The machine dies by itself.
    package func kill(_ id: MachineID, reason: String = "its process was killed") {
        let existed = self.state.withLock { state in
            state.machines[id]?.state = .failed
            state.machines[id]?.reason = reason
            return state.machines[id] != nil
        }
        if existed { self.subscribers.publish(.changed(id, .failed, reason: reason)) }
    }

    /// The guest takes no notice of the power button.
    package func makeStubborn(_ id: MachineID) {
        self.state.withLock { state in
            _ = state.stubbornGuests.insert(id)
        }
    }

    /// The hypervisor is out of reach until `comeBack`; machines go on unseen.
    package func goAway(reason: String = "connection refused") {
        self.state.withLock { $0.outage = reason }
        self.subscribers.publish(.unavailable(reason: reason))
    }

    package func comeBack() {
        self.state.withLock { $0.outage = nil }
        self.subscribers.publish(.resynchronize)
    }

    /// A machine that somebody else made.
    package func addForeign(_ machine: DriverMachine) {
        self.state.withLock { $0.machines[machine.id] = machine }
    }

    /// The load that the host reports from now on, 0…1.
    package func setLoad(_ load: Double, of host: String) {
        self.state.withLock { $0.hosts[host]?.load = load }
    }
}
