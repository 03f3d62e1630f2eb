import Foundation
import XML

/// What a host can run, read from libvirt's capabilities (formatcaps).
struct HostCapabilities: Hashable {
    static let testDomainType = "test"

    let architecture: String
    let domainType: String
    let osType: String
    let emulator: String?
    let machine: String?

    /// What a Linux kernel calls the first serial port.
    var serialConsole: String {
        self.architecture == "aarch64" ? "ttyAMA0" : "ttyS0"
    }

    var hasACPI: Bool {
        self.architecture == "x86_64" || self.architecture == "aarch64"
    }

    /// `processorVirtualizes` is whether KVM can work at all: where only an emulation of it is there, libvirt offers
    /// it all the same and guests never boot.
    init(
        parsing capabilities: Element, acceleration: LibvirtConfiguration.Acceleration,
        processorVirtualizes: Bool
    ) throws(DriverError) {
        let hostArchitecture = capabilities.child("host")?.child("cpu")?.child("arch")?.text
        let guests = capabilities.children("guest").filter { $0.child("arch") != nil }
        let matching = guests.first { $0.child("arch")?[attribute: "name"] == hostArchitecture }
        guard let guest = matching ?? guests.first, let arch = guest.child("arch"),
            let architecture = arch[attribute: "name"]
        else {
            throw .failed(attempt: "read the host's capabilities", reason: "it offers no guests")
        }
        let types = Self.domainTypes(of: arch)
        self.architecture = architecture
        self.osType = guest.child("os_type")?.text ?? "hvm"
        self.emulator = arch.child("emulator")?.text
        switch acceleration {
        case .automatic:
            let mayAccelerate = types.contains("kvm") && processorVirtualizes
            let preferred = mayAccelerate ? "kvm" : "qemu"
            self.domainType = types.contains(preferred) ? preferred : types.first ?? "qemu"
        case .kvm:
            guard types.contains("kvm") else {
                throw .failed(
                    attempt: "use KVM", reason: "the host offers only \(types.joined(separator: ", "))")
            }
            self.domainType = "kvm"
        case .emulation:
            self.domainType = types.contains("qemu") ? "qemu" : types.first ?? "qemu"
        }
        let isQEMU = self.domainType == "kvm" || self.domainType == "qemu"
        switch (isQEMU, architecture) {
        case (true, "x86_64"): self.machine = "q35"
        case (true, "aarch64"): self.machine = "virt"
        case (_, _): self.machine = nil
        }
    }

    private static func domainTypes(of arch: Element) -> [String] {
        arch.children("domain").compactMap { $0[attribute: "type"] }
    }

    /// Whether this host's processor has the extensions that KVM needs.
    ///
    /// Only x86 says so in `/proc/cpuinfo`; elsewhere libvirt's word is taken.
    static func processorVirtualizes() -> Bool {
        #if arch(x86_64)
            guard let flags = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return true }
            let words = String(decoding: flags, as: UTF8.self).split { $0 == " " || $0 == "\n" || $0 == "\t" }
            return words.contains("vmx") || words.contains("svm")
        #else
            return true
        #endif
    }
}
