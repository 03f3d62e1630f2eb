import CloudModel
import MachineDrivers
import Testing

/// What every driver must do alike.
///
/// Serialized: a process can hold one embedded hypervisor.
@Suite(.serialized)
struct DriverConformanceTests {
    @Test("A machine goes through its whole life", arguments: DriverKind.available)
    func life(kind: DriverKind) async throws {
        try await DriverSession.with(kind.makeDriver()) { session in
            let driver = session.driver
            let machine = definition(seed: 11)
            let id = machine.id
            let host = try #require(try await driver.hosts().first)
            try await driver.create(machine, from: kind.image, on: host.name)
            let made = try await driver.machine(id)
            #expect(made.state == .stopped)
            #expect(made.definition == machine)
            #expect(made.host == host.name)
            try await driver.start(id)
            try await session.waitForState(.running, of: id)
            try await driver.suspend(id)
            #expect(try await driver.machine(id).state == .suspended)
            try await driver.resume(id)
            #expect(try await driver.machine(id).state == .running)
            try await Self.waitUntilReady(id, session)
            try await driver.shutdown(id)
            try await session.waitForState(.stopped, of: id)
            try await driver.start(id)
            try await driver.forceOff(id)
            #expect(try await driver.machine(id).state == .stopped)
            try await driver.delete(id)
            await #expect(throws: DriverError.notFound(id)) { try await driver.machine(id) }
        }
    }

    @Test("Events tell each change", arguments: DriverKind.available)
    func events(kind: DriverKind) async throws {
        try await DriverSession.with(kind.makeDriver()) { session in
            let driver = session.driver
            let machine = definition("events-1", seed: 12)
            let id = machine.id
            let host = try #require(try await driver.hosts().first)
            try await driver.create(machine, from: kind.image, on: host.name)
            try await driver.start(id)
            try await driver.suspend(id)
            try await driver.forceOff(id)
            try await driver.delete(id)
            var states: [MachineState] = []
            for await event in session.events {
                // Some hypervisors tell that a machine is about to stop as well.
                if case .changed(id, let state, _) = event, state != .stopping, states.last != state {
                    states.append(state)
                }
                if event == .removed(id) { break }
            }
            #expect(states == [.running, .suspended, .stopped])
        }
    }

    @Test("What makes no sense in a state is refused by name", arguments: DriverKind.available)
    func invalidStates(kind: DriverKind) async throws {
        try await DriverSession.with(kind.makeDriver()) { session in
            let driver = session.driver
            let machine = definition("refused-1", seed: 13)
            let id = machine.id
            await #expect(throws: DriverError.notFound(id)) { try await driver.start(id) }
            await #expect(throws: DriverError.notFound(id)) { try await driver.delete(id) }
            let host = try #require(try await driver.hosts().first)
            try await driver.create(machine, from: kind.image, on: host.name)
            await #expect(throws: DriverError.alreadyExists(id)) {
                try await driver.create(machine, from: kind.image, on: host.name)
            }
            for attempt in [driver.shutdown, driver.reboot, driver.forceOff, driver.suspend, driver.resume] {
                let error = await #expect(throws: DriverError.self) { try await attempt(id) }
                guard case .invalidState(id, .stopped, _) = error else {
                    Issue.record("\(String(describing: error)) is not an invalid state")
                    continue
                }
            }
            try await driver.delete(id)
            await #expect(throws: DriverError.self) {
                try await driver.create(machine, from: kind.image, on: "nowhere")
            }
            #expect(try await !driver.machines().contains { $0.id == id })
        }
    }

    @Test("Hosts say what they have", arguments: DriverKind.available)
    func hosts(kind: DriverKind) async throws {
        try await DriverSession.with(kind.makeDriver()) { session in
            let host = try #require(try await session.driver.hosts().first)
            #expect(host.total.vcpus > 0)
            #expect(host.total.memory > .zero)
            #expect((0...1).contains(host.load))
        }
    }

    @Test("The console is kept, and read from its end", arguments: DriverKind.available)
    func console(kind: DriverKind) async throws {
        try await DriverSession.with(kind.makeDriver()) { session in
            let driver = session.driver
            guard driver.abilities.contains(.console) else { return }
            let machine = definition("console-1", seed: 14)
            let host = try #require(try await driver.hosts().first)
            try await driver.create(machine, from: kind.image, on: host.name)
            try await driver.start(machine.id)
            try await Self.waitUntilReady(machine.id, session)
            let tail = try await driver.console(machine.id, limit: 8)
            #expect(tail.text.utf8.count <= 8)
            #expect(tail.isTruncated)
            try await driver.delete(machine.id)
            await #expect(throws: DriverError.notFound(machine.id)) {
                try await driver.console(machine.id, limit: 8)
            }
        }
    }

    /// A guest that has not set up its power button yet does not hear it.
    private static func waitUntilReady(_ id: MachineID, _ session: DriverSession) async throws {
        guard session.driver.abilities.contains(.console) else { return }
        try await eventually("the guest is ready") {
            try await session.driver.console(id, limit: ConsoleTail.limit).text.contains("GUEST READY")
        }
    }
}
