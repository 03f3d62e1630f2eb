/// What a site connects its machines to: one network interface each, or none.
package enum MachineNetwork: Hashable, Sendable {
    /// No interface.
    case none
    /// QEMU's own network stack: a machine reaches out through its host and nobody reaches in.
    ///
    /// It also reaches whatever listens on the host's loopback, so this is for owners who trust their guests.
    case user
    /// A bridge of the host, by its interface name.
    case bridge(String)
    /// A network that libvirt keeps, by its name.
    case network(String)

    /// The longest name of a bridge: Linux' `IFNAMSIZ` without the final zero byte.
    package static let bridgeNameLimit = 15

    /// Reads `none`, `user`, `bridge:NAME` or `network:NAME`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        switch (parts[0], parts.count == 2 ? parts[1] : nil) {
        case ("none", nil): self = .none
        case ("user", nil): self = .user
        case ("bridge", let name?) where Self.isName(name) && name.utf8.count <= Self.bridgeNameLimit:
            self = .bridge(name)
        case ("network", let name?) where Self.isName(name): self = .network(name)
        case (_, _): return nil
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
    }
}
