import Foundation

/// What a test needs beside a Swift toolchain, and may be left out without: root, QEMU, a daemon.
package enum Prerequisite {
    /// Set to anything, it lets no test be left out: `deploy/check` does so after it has installed everything.
    package static let variable = "TRADEWIND_REQUIRE_ALL_TESTS"

    private static let isEveryTestRequired = ProcessInfo.processInfo.environment[Self.variable] != nil

    /// Whether a test runs: where nothing may be left out it does in any case, and fails by what it lacks.
    package static func allows(_ isMet: Bool) -> Bool { isMet || Self.isEveryTestRequired }

    /// The same for tests that need to be root.
    package static var allowsRoot: Bool { Self.allows(getuid() == 0) }
}
