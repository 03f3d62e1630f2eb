import NIOCore
import Synchronization
import XMPP

/// What waits to be written to one channel.
///
/// Filled from any thread, emptied in one write per turn of the event loop.
///
/// Elements are printed by whoever sends them, so the queue knows their size and the event loop only copies. While the
/// peer reads, the queue takes bursts; once it has stopped reading, the limits for slow peers hold.
final class OutboundQueue: Sendable {
    private struct State {
        var bytes = ByteBuffer()
        var stanzas = 0
        var isDrainDue = false
        var hasWritten = false
        var isStalled = false
        var isClosed = false
    }

    enum Outcome: Hashable, Sendable {
        case queued
        case closed
        /// This very element was one too many; the stream is being closed.
        case overflowed
    }

    private let channel: any Channel
    private let limits: TransportLimits
    private let state = Mutex(State())
    private let onOverflow: @Sendable () -> Void

    /// `onOverflow` is called once, on the event loop.
    init(channel: any Channel, limits: TransportLimits, onOverflow: @escaping @Sendable () -> Void) {
        self.channel = channel
        self.limits = limits
        self.onOverflow = onOverflow
    }

    func append(_ bytes: [UInt8]) -> Outcome {
        let (outcome, mustSchedule) = self.state.withLock { state -> (Outcome, Bool) in
            guard !state.isClosed else { return (.closed, false) }
            guard self.hasRoom(for: bytes.count, in: state) else {
                state.isClosed = true
                return (.overflowed, false)
            }
            state.bytes.writeBytes(bytes)
            state.stanzas += 1
            defer { state.isDrainDue = true }
            return (.queued, !state.isDrainDue)
        }
        if outcome == .overflowed { self.channel.eventLoop.execute(self.onOverflow) }
        if mustSchedule { self.channel.eventLoop.execute { self.drain() } }
        return outcome
    }

    private func hasRoom(for bytes: Int, in state: State) -> Bool {
        let total = state.bytes.readableBytes + bytes
        guard state.isStalled else { return total <= self.limits.burstBytes }
        return state.stanzas < self.limits.slowPeerStanzas && total <= self.limits.slowPeerBytes
    }

    /// Writes what waits, unless the channel has enough to do.
    ///
    /// On the event loop.
    func drain() {
        let isWritable = self.channel.isWritable
        let bytes = self.state.withLock { state -> ByteBuffer? in
            state.isStalled = !isWritable
            guard isWritable else { return nil }
            state.isDrainDue = false
            state.hasWritten = true
            return Self.take(&state)
        }
        if let bytes { self.channel.writeAndFlush(bytes, promise: nil) }
    }

    /// The channel can take more.
    ///
    /// On the event loop.
    func becameWritable() {
        let isDue = self.state.withLock { $0.isDrainDue }
        if isDue { self.drain() }
    }

    var isClosed: Bool { self.state.withLock { $0.isClosed } }

    /// Whether anything was written since this was last asked.
    func hasWrittenSinceLastAsked() -> Bool {
        self.state.withLock { state in
            defer { state.hasWritten = false }
            return state.hasWritten
        }
    }

    /// Takes nothing from now on, and gives back what has not been written.
    ///
    /// On the event loop.
    func close() -> ByteBuffer? {
        self.state.withLock { state in
            state.isClosed = true
            return Self.take(&state)
        }
    }

    private static func take(_ state: inout State) -> ByteBuffer? {
        guard state.bytes.readableBytes > 0 else { return nil }
        let bytes = state.bytes
        state.bytes = ByteBuffer()
        state.stanzas = 0
        return bytes
    }
}
