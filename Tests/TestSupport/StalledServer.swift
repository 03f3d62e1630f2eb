import Foundation
import Synchronization

/// A web server on loopback that takes connections and never answers.
package final class StalledServer: Sendable {
    private let listener: Int32
    private let callers = Mutex<[Int32]>([])
    package let url: String

    package init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isBound else { throw CocoaError(.fileReadUnknown) }
        self.listener = listener
        self.url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/image"
    }

    /// How many connections have come so far.
    package var count: Int {
        self.callers.withLock { callers in
            while true {
                let caller = accept(self.listener, nil, nil)
                guard caller >= 0 else { return callers.count }
                callers.append(caller)
            }
        }
    }

    package func stop() {
        self.callers.withLock { callers in
            for caller in callers { _ = close(caller) }
            callers = []
        }
        _ = close(self.listener)
    }
}
