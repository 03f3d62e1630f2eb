import CloudModel
import Foundation
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

    @Test(
        "A guest outlives its driver, is found again, and its death is told",
        .enabled(if: Guest.isAvailable, "needs root and QEMU"), .timeLimit(.minutes(10)))
    func readoption() async throws {
        let machine = definition("adopt-1", seed: 15)
        try await DriverSession.with(DriverKind.libvirtEmbedded.makeDriver()) { session in
            let host = try #require(try await session.driver.hosts().first)
            try await session.driver.create(
                machine, from: DriverKind.libvirtEmbedded.image, on: host.name)
            // Its death is not to wait for the system's first process, which may look for the dead late.
            try await Orphans.adopting { try await session.driver.start(machine.id) }
        }
        let process = try #require(Guest.process(of: machine))
        try await DriverSession.with(DriverKind.libvirtEmbedded.makeDriver()) { session in
            let found = try await session.driver.machine(machine.id)
            #expect(found.state == .running)
            #expect(found.definition == machine)
            #expect(Guest.process(of: machine) == process)
            kill(process, SIGKILL)
            try Orphans.reap(process)
            for await event in session.events {
                guard case .changed(machine.id, .failed, let reason) = event else { continue }
                #expect(reason != nil)
                break
            }
            #expect(try await session.driver.machine(machine.id).state == .failed)
            try await session.driver.delete(machine.id)
        }
    }

    @Test(
        "A disk image is written over, never into, and one that needs more disk is refused",
        .enabled(if: Guest.isAvailable, "needs root and QEMU"))
    func overlays() async throws {
        try await DriverSession.with(DriverKind.libvirtEmbedded.makeDriver()) { session in
            let driver = session.driver
            let base = Guest.configuration.filesDirectory + "/base.raw"
            #expect(
                FileManager.default.createFile(atPath: base, contents: Data(count: 8 * 1_048_576)))
            let image = PreparedImage.disk(path: base, format: .raw)
            let host = try #require(try await driver.hosts().first)
            let small = definition("small-1", seed: 16, disk: 7)
            let error = await #expect(throws: DriverError.self) {
                try await driver.create(small, from: image, on: host.name)
            }
            #expect(error?.description.contains("needs 8 MiB of disk") == true)
            #expect(!FileManager.default.fileExists(atPath: Guest.directory(of: small)))
            let exact = definition("exact-1", seed: 17, disk: 8)
            try await driver.create(exact, from: image, on: host.name)
            #expect(FileManager.default.fileExists(atPath: Guest.directory(of: exact) + "/disk.qcow2"))
            try await driver.delete(exact.id)
            #expect(!FileManager.default.fileExists(atPath: Guest.directory(of: exact)))
            #expect(FileManager.default.fileExists(atPath: base))
        }
    }

    @Test(
        "A guest that hangs holds up nobody else's end",
        .enabled(if: Guest.isAvailable, "needs root and QEMU"))
    func hangingGuest() async throws {
        try await DriverSession.with(DriverKind.libvirtEmbedded.makeDriver()) { session in
            let driver = session.driver
            let host = try #require(try await driver.hosts().first)
            let (hung, well) = (definition("hung-1", seed: 18), definition("well-1", seed: 19))
            for machine in [hung, well] {
                try await driver.create(machine, from: DriverKind.libvirtEmbedded.image, on: host.name)
                // Who ends first is not to depend on how often the system's first process looks for the dead.
                try await Orphans.adopting { try await driver.start(machine.id) }
                Orphans.reapLater(try #require(Guest.process(of: machine)))
            }
            let process = try #require(Guest.process(of: hung))
            // It does not even hear that it is to end, until libvirt loses its patience after some seconds.
            kill(process, SIGSTOP)
            try await eventually("it hangs") { try Guest.isStopped(process) }
            try await withThrowingTaskGroup(of: MachineID.self) { group in
                group.addTask {
                    try await driver.forceOff(hung.id)
                    return hung.id
                }
                try await eventually("libvirt has told it to end") { try Guest.isTold(SIGTERM, process) }
                group.addTask {
                    try await driver.forceOff(well.id)
                    return well.id
                }
                #expect(try await group.next() == well.id)
                #expect(try await group.next() == hung.id)
            }
            for machine in [hung, well] {
                #expect(try await driver.machine(machine.id).state == .stopped)
                try await driver.delete(machine.id)
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
