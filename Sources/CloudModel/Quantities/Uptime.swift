/// A moment by a clock that never jumps and cannot be set: the time since the computer was booted, sleep included.
///
/// Two readings can only be compared if they are of the same boot; nobody else's clock has anything to do with them.
package struct Uptime: Hashable, Codable, Sendable {
    /// Differs between any two boots of any two computers.
    package let boot: String
    package let milliseconds: Int64

    package init(boot: String, milliseconds: Int64) {
        self.boot = boot
        self.milliseconds = milliseconds
    }

    /// The moment `duration` later.
    package func advanced(by duration: Duration) -> Self {
        Self(boot: self.boot, milliseconds: self.milliseconds + duration.wholeMilliseconds)
    }

    /// The time from this moment until `other`; nil if they are not of the same boot.
    package func duration(to other: Self) -> Duration? {
        self.boot == other.boot ? .milliseconds(other.milliseconds - self.milliseconds) : nil
    }
}
