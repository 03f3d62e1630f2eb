import Foundation
import Synchronization

/// A web server on loopback that gives every request the same answer, on a thread of its own.
final class LoopbackServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let answer: [UInt8]
    private let served = Mutex(0)
    private let isStarted = Mutex(false)

    /// `declared` is the length it claims; the whole body is sent all the same.
    init(body: [UInt8], status: String = "200 OK", declared: Int? = nil) throws {
        let head =
            "HTTP/1.1 \(status)\r\n"
            + (declared.map { "Content-Length: \($0)\r\n" } ?? "") + "Connection: close\r\n\r\n"
        self.answer = Array(head.utf8) + body
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(listener, pointer, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isBound else { throw CocoaError(.fileReadUnknown) }
        self.listener = listener
        self.port = UInt16(bigEndian: address.sin_port)
    }

    /// How many requests it has answered.
    var count: Int { self.served.withLock { $0 } }

    var url: String { "http://127.0.0.1:\(self.port)/image" }

    func start() {
        self.isStarted.withLock { $0 = true }
        Thread.detachNewThread { self.serve() }
    }

    func stop() {
        // From here on connections are refused. The thread closes what it listens to: closed under it, the number would
        // soon be another server's, whose connections it would take.
        _ = shutdown(self.listener, Int32(SHUT_RDWR))
        if !self.isStarted.withLock({ $0 }) { _ = close(self.listener) }
    }

    private func serve() {
        defer { _ = close(self.listener) }
        while true {
            let client = accept(self.listener, nil, nil)
            guard client >= 0 else { return }
            self.served.withLock { $0 += 1 }
            var request = [UInt8](repeating: 0, count: 4_096)
            _ = unsafe recv(client, &request, request.count, 0)
            var sent = 0
            while sent < self.answer.count {
                let count = unsafe self.answer[sent...].withUnsafeBytes { bytes in
                    unsafe send(client, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                sent += count
            }
            _ = shutdown(client, Int32(SHUT_WR))
            _ = close(client)
        }
    }
}
