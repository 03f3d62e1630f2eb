import Foundation

/// A place on loopback at which a connection is neither made nor refused: whoever tries waits.
package final class FullServer: Sendable {
    private let listener: Int32
    private let callers: [Int32]
    package let port: Int

    package init() throws {
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let listener = socket(AF_INET, flags, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var callers: [Int32] = []
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard unsafe bind(listener, pointer, length) == 0, listen(listener, 0) == 0,
                    unsafe getsockname(listener, pointer, &length) == 0
                else { return false }
                // The first takes the one place there is; from then on the kernel answers nobody.
                for _ in 0..<4 {
                    let caller = socket(AF_INET, flags, 0)
                    _ = unsafe connect(caller, pointer, length)
                    callers.append(caller)
                }
                return true
            }
        }
        guard isBound else { throw CocoaError(.fileReadUnknown) }
        self.listener = listener
        self.callers = callers
        self.port = Int(UInt16(bigEndian: address.sin_port))
    }

    package func stop() {
        for descriptor in self.callers + [self.listener] { _ = close(descriptor) }
    }
}
