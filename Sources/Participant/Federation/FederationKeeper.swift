import CloudModel
import Gossip
import Logging
import Storage
import Threads

/// Writes what must survive to disk, one write at a time, always the state as it is when its turn comes.
///
/// Runs where blocking harms nobody.
actor FederationKeeper {
    private let store: FederationStore
    private let logger: Logger
    private let executor = BlockingExecutor(label: "tradewind.federation-keeper")

    init(store: FederationStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    /// Keeps what `member` returns now, or forgets `site` if that is nil: an older state never overwrites a newer one.
    func keep(_ site: SiteID, as member: @Sendable () -> Member?) {
        self.attempt("member \(site)") {
            if let member = member() {
                try self.store.save(member)
            } else {
                try self.store.remove(site)
            }
        }
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
