package import CloudModel
import Cryptography
import Foundation
import Glibc

extension Uptime {
    /// Reads this computer's clock; where it cannot be read, no lease can be proven.
    package static func system() -> Uptime {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_BOOTTIME, &time) == 0 else {
            // Never equal to another reading: whatever rests on it counts as over.
            return Uptime(boot: Self.unlikeAnyOther(), milliseconds: 0)
        }
        return Uptime(
            boot: Self.boot, milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The kernel draws this number anew each time it boots.
    private static let boot: String = {
        do {
            return try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            // Differs from process to process: after a restart no lease is proven.
            return Self.unlikeAnyOther()
        }
    }()

    private static func unlikeAnyOther() -> String {
        var generator = SecureRandom()
        return "\(generator.next())-\(generator.next())"
    }
}
