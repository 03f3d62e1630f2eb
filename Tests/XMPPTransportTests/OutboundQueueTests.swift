import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import XMPPTransport

@Suite("The queue of a stream")
struct OutboundQueueTests {
    /// A queue on a channel of which the test decides whether it is writable.
    private func queue(
        _ limits: TransportLimits
    ) throws -> (EmbeddedChannel, OutboundQueue, overflows: Counter) {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
        let overflows = Counter()
        return (channel, OutboundQueue(channel: channel, limits: limits) { overflows.increment() }, overflows)
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { self.value.withLock { $0 } }
        func increment() { self.value.withLock { $0 += 1 } }
    }

    @Test("What is queued in one turn is written at once")
    func gathers() throws {
        let (channel, queue, _) = try self.queue(TransportLimits())
        #expect(queue.append([1, 2]) == .queued)
        #expect(queue.append([3]) == .queued)
        channel.embeddedEventLoop.run()
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(bytes: [1, 2, 3]))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test("A peer that does not read gets the limits for slow peers; one that reads gets bursts")
    func slowPeer() throws {
        var limits = TransportLimits()
        limits.slowPeerStanzas = 3
        let (channel, queue, overflows) = try self.queue(limits)
        for _ in 0..<100 { #expect(queue.append([0]) == .queued) }
        channel.embeddedEventLoop.run()
        channel.isWritable = false
        #expect(queue.append([0]) == .queued)
        channel.embeddedEventLoop.run()
        #expect(queue.append([0]) == .queued)
        #expect(queue.append([0]) == .queued)
        #expect(queue.append([0]) == .overflowed)
        #expect(queue.append([0]) == .closed)
        channel.embeddedEventLoop.run()
        #expect(overflows.count == 1)
    }

    @Test("Bytes are counted too, and what waits goes out when the peer reads again")
    func bytes() throws {
        var limits = TransportLimits()
        limits.slowPeerBytes = 10
        let (channel, queue, _) = try self.queue(limits)
        channel.isWritable = false
        #expect(queue.append([UInt8](repeating: 1, count: 5)) == .queued)
        channel.embeddedEventLoop.run()
        #expect(queue.append([UInt8](repeating: 2, count: 5)) == .queued)
        channel.isWritable = true
        queue.becameWritable()
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 10)
        channel.isWritable = false
        #expect(queue.append([3]) == .queued)
        channel.embeddedEventLoop.run()
        #expect(queue.append([UInt8](repeating: 4, count: 10)) == .overflowed)
        #expect(queue.close()?.readableBytes == 1)
    }
}
