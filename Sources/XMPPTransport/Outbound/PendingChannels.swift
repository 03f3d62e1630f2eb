import NIOCore
import Synchronization

/// Connections that are being made and not yet in use, so that the end of whoever makes them ends them.
final class PendingChannels: Sendable {
    /// Nil once nothing is to be made any more.
    private let channels = Mutex<[ObjectIdentifier: any Channel]?>([:])

    /// Notes a connection that is being made; refuses it after the end.
    func add(_ channel: any Channel) throws(RemoteStreamError) {
        let id = ObjectIdentifier(channel)
        let isTaken = self.channels.withLock { channels in
            channels?[id] = channel
            return channels != nil
        }
        guard isTaken else { throw .shuttingDown }
        channel.closeFuture.whenComplete { _ in self.remove(id) }
    }

    /// The connection is in use, and no affair of these any more.
    func remove(_ channel: any Channel) { self.remove(ObjectIdentifier(channel)) }

    /// Closes what is being made; nothing is taken after that.
    func close() {
        let channels = self.channels.withLock { channels in
            defer { channels = nil }
            return channels ?? [:]
        }
        for channel in channels.values { channel.close(promise: nil) }
    }

    private func remove(_ id: ObjectIdentifier) {
        self.channels.withLock { _ = $0?.removeValue(forKey: id) }
    }
}
