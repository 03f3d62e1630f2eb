package import NIOCore
package import NIOPosix
import Synchronization
package import XMPP

/// Hashes passwords on threads of their own: on an event loop one login would hold up all its streams.
///
/// Safe to use from any thread.
package final class PasswordHasher: Sendable {
    /// Passwords that wait or are being hashed; whoever comes then is to try again later.
    package let limit: Int
    private let threads: NIOThreadPool
    private let underWay = Mutex(0)

    package init(limit: Int, threads: NIOThreadPool = .singleton) {
        self.limit = limit
        self.threads = threads
    }

    package var underWayCount: Int { self.underWay.withLock { $0 } }

    /// What becomes of the password, on `eventLoop`; nil if too many wait.
    package func perform(
        _ hashing: PasswordHashing, on eventLoop: any EventLoop
    ) -> EventLoopFuture<SaltedPassword>? {
        let hasRoom = self.underWay.withLock { count in
            guard count < self.limit else { return false }
            count += 1
            return true
        }
        guard hasRoom else { return nil }
        return self.threads.runIfActive(eventLoop: eventLoop) {
            defer { self.underWay.withLock { $0 -= 1 } }
            return hashing.perform()
        }
    }
}
