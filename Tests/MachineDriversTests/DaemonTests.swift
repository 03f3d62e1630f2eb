import CloudModel
import Foundation
import MachineDrivers
import TestSupport
import Testing

/// libvirt behind a daemon, which can go away.
@Suite(
    .enabled(
        if: Prerequisite.allows(
            getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/libvirtd")),
        "needs root and libvirtd"))
struct DaemonTests {
    @Test("A daemon that goes away is an outage, and its return is followed by a new listing")
    func daemonGoesAway() async throws {
        let directory = "/tmp/tw-daemon-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let settings =
            "unix_sock_dir = \"\(directory)\"\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\n"
        try Data(settings.utf8).write(to: URL(fileURLWithPath: directory + "/libvirtd.conf"))
        let words = [
            "libvirtd", "-f", directory + "/libvirtd.conf", "-p", directory + "/pid",
        ]
        var daemon = try Command.start(words)
        defer {
            // It does not end on a polite request while a client is connected.
            kill(daemon.processIdentifier, SIGKILL)
            daemon.waitUntilExit()
            do {
                try FileManager.default.removeItem(atPath: directory)
            } catch {
                Issue.record(error)
            }
        }
        let driver = LibvirtDriver(
            configuration: LibvirtConfiguration(
                uri: "test+unix:///default?socket=\(directory)/libvirt-sock", filesDirectory: directory,
                checkInterval: .milliseconds(50), reconnectMin: .milliseconds(50),
                reconnectMax: .milliseconds(200)))
        try await DriverSession.with(driver) { (_: DriverSession) async throws in
            #expect(try await driver.machines().count == 1)
            #expect(try await driver.machines().first?.definition == nil)
        }
        let events = driver.events()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await driver.run() }
            defer { group.cancelAll() }
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == .resynchronize)
            kill(daemon.processIdentifier, SIGKILL)
            daemon.waitUntilExit()
            guard case .unavailable = await iterator.next() else {
                Issue.record("the outage was not told")
                return
            }
            let error = await #expect(throws: DriverError.self) { try await driver.machines() }
            #expect(error?.isPassing == true)
            daemon = try Command.start(words)
            #expect(await iterator.next() == .resynchronize)
            #expect(try await driver.machines().count == 1)
        }
    }
}
