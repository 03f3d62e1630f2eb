import Gossip
import Logging
import Storage

/// Writes what must survive to disk, one write at a time, always the state as it is when its turn comes.
actor FederationKeeper {
    private let store: FederationStore
    private let logger: Logger

    init(store: FederationStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Keeps what `member` returns now, so that an older state never overwrites a newer one.
    func save(_ member: @Sendable () -> Member?) {
        guard let member = member() else { return }
        self.attempt("member \(member.site)") { try self.store.save(member) }
    }

    func saveIncarnation(_ incarnation: UInt64) {
        self.attempt("incarnation \(incarnation)") { try self.store.raiseIncarnation(to: incarnation) }
    }

    func saveRows(_ rows: @Sendable () -> [Row]) {
        let rows = rows()
        self.attempt("\(rows.count) rows") { try self.store.replaceRows(with: rows) }
    }

    /// A full disk must not end the alliance: it goes on from memory, and the log says what a restart would lose.
    private func attempt(_ what: String, _ write: () throws -> Void) {
        do {
            try write()
        } catch {
            self.logger.error(
                "the state of the alliance could not be kept and would be lost by a restart",
                metadata: ["what": "\(what)", "error": "\(error)"])
        }
    }
}
