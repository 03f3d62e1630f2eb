import NIOCore
import Synchronization
import XMPP

/// The accepted connections of a listener: counted by address, and at hand when the process stops.
final class ConnectionTable: Sendable {
    private struct Connection: Sendable {
        let channel: any Channel
        let handler: NIOLoopBound<StreamHandler>
    }

    private struct State {
        var byAddress: [NetworkAddress: Int] = [:]
        var connections: [ObjectIdentifier: Connection] = [:]
        var isClosed = false
    }

    private let limit: Int
    private let total: Int
    private let state = Mutex(State())

    /// `limit` connections from one address, and `total` from all.
    init(limit: Int, total: Int) {
        self.limit = limit
        self.total = total
    }

    /// Whether the connection may stay.
    ///
    /// On the event loop of the channel.
    func add(_ handler: StreamHandler, on channel: any Channel) -> Bool {
        let address = NetworkAddress(channel.remoteAddress)
        let id = ObjectIdentifier(channel)
        let connection = Connection(
            channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
        let isAdded = self.state.withLock { state in
            let count = state.byAddress[address, default: 0]
            guard !state.isClosed, count < self.limit, state.connections.count < self.total else {
                return false
            }
            state.byAddress[address] = count + 1
            state.connections[id] = connection
            return true
        }
        if isAdded { channel.closeFuture.whenComplete { _ in self.remove(id, address: address) } }
        return isAdded
    }

    private func remove(_ id: ObjectIdentifier, address: NetworkAddress) {
        self.state.withLock { state in
            guard state.connections.removeValue(forKey: id) != nil else { return }
            let count = state.byAddress[address, default: 1] - 1
            state.byAddress[address] = count > 0 ? count : nil
        }
    }

    /// Takes no more, closes every stream with `system-shutdown` and returns when the last connection is gone.
    func close() async {
        let connections = self.state.withLock { state in
            state.isClosed = true
            return Array(state.connections.values)
        }
        for connection in connections {
            connection.channel.eventLoop.execute {
                connection.handler.value.close(StreamError(.systemShutdown))
            }
        }
        for connection in connections {
            // A connection that ends with an error is gone all the same.
            _ = try? await connection.channel.closeFuture.get()
        }
    }

    var count: Int { self.state.withLock { $0.connections.count } }
}
