package import CloudModel

/// How a site reaches its hypervisor through libvirt.
package struct LibvirtConfiguration: Hashable, Sendable {
    /// Which kind of domain is made.
    package enum Acceleration: String, Hashable, Sendable, CaseIterable {
        /// KVM where the host offers it and its processor has the extensions, otherwise emulation.
        case automatic
        case kvm
        case emulation
    }

    /// The longest root of an embedded driver, in bytes: the path of a machine's monitor socket below it must fit
    /// `sockaddr_un`.
    package static let rootLengthLimit = 50

    package static let consoleMaxDefault = Mebibytes(16)

    /// Any libvirt URI; `qemu:///embed?root=DIR` runs the QEMU driver inside this process, with no daemon.
    package var uri: String
    /// Where each machine has a directory for its disk and console log; the guests' user must be able to reach it.
    package var filesDirectory: String
    /// What the site offers of the host in place of all it has; more than it has overcommits it.
    package var offered: Resources?
    package var acceleration: Acceleration
    /// The user that embedded guests run as; nil for libvirt's own (`libvirt-qemu` on Debian).
    ///
    /// `root` where `/dev/kvm` exists but that user may not open it: libvirt would then probe QEMU anew at every
    /// step, and a start takes most of a minute.
    package var guestUser: String?
    /// What machines made from now on are connected to.
    package var network: MachineNetwork
    /// How much of a guest's console is kept on disk; beyond it only the last `ConsoleTail.limit` bytes are.
    ///
    /// Looked at whenever the hosts are measured, so a guest may write more than this in between.
    package var consoleMax: Mebibytes
    /// How often the connection is looked at.
    package var checkInterval: Duration
    /// The wait before the first attempt to connect again; doubled up to `reconnectMax`.
    package var reconnectMin: Duration
    package var reconnectMax: Duration

    package init(
        uri: String, filesDirectory: String, offered: Resources? = nil,
        acceleration: Acceleration = .automatic, guestUser: String? = nil,
        network: MachineNetwork = .none, consoleMax: Mebibytes = Self.consoleMaxDefault,
        checkInterval: Duration = .seconds(1),
        reconnectMin: Duration = .milliseconds(250),
        reconnectMax: Duration = .seconds(30)
    ) {
        self.uri = uri
        self.filesDirectory = filesDirectory
        self.offered = offered
        self.acceleration = acceleration
        self.guestUser = guestUser
        self.network = network
        self.consoleMax = consoleMax
        self.checkInterval = checkInterval
        self.reconnectMin = reconnectMin
        self.reconnectMax = reconnectMax
    }

    /// The embedded QEMU driver with everything below `root`.
    package static func embedded(root: String) -> Self {
        Self(uri: Self.embeddedPrefix + root, filesDirectory: root + "/machines")
    }

    static let embeddedPrefix = "qemu:///embed?root="

    /// The root directory if the driver is embedded.
    var embeddedRoot: String? {
        self.uri.hasPrefix(Self.embeddedPrefix) ? String(self.uri.dropFirst(Self.embeddedPrefix.count)) : nil
    }

    /// Whether machines are QEMU processes of this very host, whose files we make.
    package var isLocalQEMU: Bool {
        self.uri.hasPrefix("qemu:///")
    }
}
