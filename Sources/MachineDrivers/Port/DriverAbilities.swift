/// What a driver can do beyond defining, starting and stopping machines.
package struct DriverAbilities: OptionSet, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// A machine's serial console is kept and can be read.
    package static let console = Self(rawValue: 1 << 0)
    /// The image is really booted; without it any image will do.
    package static let boots = Self(rawValue: 1 << 1)
    /// Machines go on when the process that drives them ends.
    package static let outlives = Self(rawValue: 1 << 2)
}
