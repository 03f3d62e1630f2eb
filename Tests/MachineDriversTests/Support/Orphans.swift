import Foundation
import Testing

/// Processes whose parent has gone, such as QEMU once libvirt has started it.
///
/// The first process of a system takes them and clears them away when they end. Some, as in containers and small virtual
/// machines, look for them every two seconds only, and until then libvirt takes a dead guest for one that is dying.
enum Orphans {
    /// `PR_SET_CHILD_SUBREAPER` of `prctl(2)`.
    private static let setSubreaper: Int32 = 36
    private typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32

    /// Makes those that `body` leaves behind this process's own; each must be cleared away by `reap(_:)`.
    static func adopting(_ body: () async throws -> Void) async throws {
        try self.adopt(true)
        do {
            try await body()
        } catch {
            try self.adopt(false)
            throw error
        }
        try self.adopt(false)
    }

    /// Clears away one that has been adopted as soon as it has ended.
    static func reap(_ process: pid_t) throws {
        var status: Int32 = 0
        guard unsafe waitpid(process, &status, 0) == process else { throw POSIXError(.ECHILD) }
    }

    /// The same while the caller goes on, however long the process lives.
    static func reapLater(_ process: pid_t) {
        Thread.detachNewThread {
            do {
                try Orphans.reap(process)
            } catch {
                Issue.record(error)
            }
        }
    }

    private static func adopt(_ isOn: Bool) throws {
        // It takes a varying number of arguments, which Swift does not import.
        guard let symbol = unsafe dlsym(nil, "prctl") else { throw POSIXError(.ENOSYS) }
        let control = unsafe unsafeBitCast(symbol, to: Control.self)
        guard control(self.setSubreaper, isOn ? 1 : 0, 0, 0, 0) == 0 else { throw POSIXError(.EINVAL) }
    }
}
