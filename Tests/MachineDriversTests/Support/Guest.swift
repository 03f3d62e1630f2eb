import CloudModel
import Foundation
import MachineDrivers
import TestSupport

/// The small guest of `deploy/make-guest`, and the one embedded driver that a process may have.
enum Guest {
    /// Where the guest is made; kept from run to run.
    static let directory =
        ProcessInfo.processInfo.environment["TRADEWIND_GUEST"] ?? "/var/cache/tradewind/guest"

    /// Whether the tests with real guests run.
    static let isAvailable = Prerequisite.allows(Self.isMade)

    private static let isMade: Bool = {
        guard getuid() == 0, Self.hasTool("qemu-system-x86_64"), Self.hasTool("qemu-img") else {
            return false
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.repository + "/deploy/make-guest")
        process.arguments = [Self.directory]
        do {
            try process.run()
        } catch {
            return false
        }
        process.waitUntilExit()
        return process.terminationStatus == 0
            && FileManager.default.fileExists(atPath: Self.directory + "/initramfs.gz")
    }()

    static let configuration: LibvirtConfiguration = {
        let root = "/tmp/tw-\(ProcessInfo.processInfo.processIdentifier)"
        var configuration = LibvirtConfiguration.embedded(root: root)
        configuration.offered = Resources(vcpus: 8, memory: .gibibytes(4), disk: .gibibytes(8))
        configuration.guestUser = "root"
        configuration.acceleration = .emulation
        // QEMU itself judges our description of an interface.
        configuration.network = .user
        configuration.reconnectMin = .milliseconds(10)
        return configuration
    }()

    static var image: PreparedImage {
        .kernel(
            path: Self.directory + "/vmlinuz", initramfs: Self.directory + "/initramfs.gz", commandLine: nil)
    }

    static func directory(of machine: MachineDefinition) -> String {
        "\(Self.configuration.filesDirectory)/\(machine.id)"
    }

    /// The process that a running guest is; libvirt keeps its number in a file.
    static func process(of machine: MachineDefinition) -> pid_t? {
        let root = Self.configuration.filesDirectory.dropLast("/machines".count)
        let path = "\(root)/run/qemu/\(machine.specification.name).pid"
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        return pid_t(String(decoding: bytes, as: UTF8.self).filter(\.isNumber))
    }

    /// Whether a signal was sent to the process and waits to be taken.
    static func isTold(_ signal: Int32, _ process: pid_t) throws -> Bool {
        let digits = try Self.line("ShdPnd", in: "/proc/\(process)/status")?.filter(\.isHexDigit)
        let mask = digits.flatMap { UInt64($0, radix: 16) }
        return mask.map { $0 & (1 << UInt64(signal - 1)) != 0 } ?? false
    }

    /// Whether every thread of the process has stopped, so that it takes no signal any more.
    static func isStopped(_ process: pid_t) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").allSatisfy { thread in
            try Self.line("State", in: "/proc/\(process)/task/\(thread)/status")?.contains("stopped") == true
        }
    }

    /// One line of what the system says of a process or thread.
    private static func line(_ name: String, in path: String) throws -> Substring? {
        let status = try String(contentsOfFile: path, encoding: .utf8)
        return status.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1)
    }

    private static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private static func hasTool(_ name: String) -> Bool {
        ["/usr/bin/", "/usr/local/bin/"].contains { FileManager.default.isExecutableFile(atPath: $0 + name) }
    }
}
