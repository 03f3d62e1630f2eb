import CloudModel
import Foundation
import MachineDrivers
import Testing

/// The drivers that the conformance suite runs against.
enum DriverKind: CaseIterable, CustomTestStringConvertible, Sendable {
    case inMemory
    /// libvirt's own mock of a hypervisor.
    case libvirtTest
    /// Real guests, emulated by QEMU inside this process.
    case libvirtEmbedded

    /// Embedded QEMU needs root, QEMU and a guest to boot; `deploy/check` sees to all three and lets none be missing.
    static var available: [Self] {
        Self.allCases.filter { $0 != .libvirtEmbedded || Guest.isAvailable }
    }

    var testDescription: String { "\(self)" }

    func makeDriver() -> any MachineDriver {
        switch self {
        case .inMemory:
            InMemoryDriver(hosts: [
                Host(
                    name: "h1", hypervisor: "memory",
                    total: Resources(vcpus: 8, memory: .gibibytes(16), disk: .gibibytes(100)),
                    load: 0, freeMemory: .gibibytes(16))
            ])
        case .libvirtTest:
            LibvirtDriver(
                configuration: LibvirtConfiguration(
                    uri: "test:///default", filesDirectory: "/nonexistent", reconnectMin: .milliseconds(10)))
        case .libvirtEmbedded:
            LibvirtDriver(configuration: Guest.configuration)
        }
    }

    var image: PreparedImage {
        switch self {
        case .inMemory, .libvirtTest: .disk(path: "/nonexistent", format: .qcow2)
        case .libvirtEmbedded: Guest.image
        }
    }
}
