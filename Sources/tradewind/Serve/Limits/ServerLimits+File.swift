import Operations
import XML
import XMPP
import XMPPServer
import XMPPTransport

/// The keys below `server.limits`; what is not in the file keeps its default.
extension ServerLimits {
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        for key in Self.keys { try key.read(file, below: "server.limits", into: &self) }
        try self.requireOrder(in: file)
        for path in [
            \Self.transport.unauthenticated, \Self.transport.client, \Self.transport.remote,
        ] {
            // A tag is never longer than what it is in.
            self[keyPath: path].tagBytes = min(
                self[keyPath: path].tagBytes, self[keyPath: path].stanzaBytes)
        }
        self.transport.rates = try RatePolicy(file)
    }

    /// Refuses limits that do not go together.
    ///
    /// What a peer is handed at once has to fit into what may wait for it: else its stream is closed each time.
    private func requireOrder(in file: ConfigurationFile) throws(OperationError) {
        let (turn, slow) = (self.transport.burstBytes, self.transport.slowPeerBytes)
        try Self.require(
            "unacknowledged-bytes", self.sessions.unacknowledged.bytes, below: "turn-bytes", turn, file)
        try Self.require(
            "server-unacknowledged-bytes", self.transport.remoteUnacknowledged.bytes, below: "turn-bytes",
            turn, file)
        try Self.require("hibernated-bytes", self.sessions.hibernated.bytes, below: "turn-bytes", turn, file)
        try Self.require("kept-bytes", self.keptBytesPerAccount, below: "slow-bytes", slow, file)
        try Self.require("archives.page-bytes", self.archive.pageBytes, below: "slow-bytes", slow, file)
        // A range has no place for two ends that cross, so what was written is looked at again.
        let shortest = try file.integer("server.limits.password-shortest", in: AccountLimits.fewestCharacters)
        let longest = self.accounts.passwordLength.upperBound
        if let shortest, shortest > longest {
            throw file.problem(
                "server.limits.password-shortest",
                "at most server.limits.password-longest, which is \(longest)")
        }
    }

    private static func require(
        _ name: String, _ bytes: Int, below other: String, _ room: Int, _ file: ConfigurationFile
    ) throws(OperationError) {
        guard bytes < room else {
            throw file.problem(
                "server.limits.\(name)",
                "less than server.limits.\(other): the one is \(bytes), the other \(room)")
        }
    }
}

extension RatePolicy {
    fileprivate init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        self.clients = try Self.rate(file, "client", self.clients)
        self.remotes = try Self.rate(file, "server", self.remotes)
        for text in try file.list("server.limits.exempt") {
            do {
                self.exempt.insert(try JID(text).bare)
            } catch {
                throw file.problem(
                    "server.limits.exempt", "a list of accounts and domains; “\(text)” is neither")
            }
        }
    }

    /// Bytes per second and at once; a rate of 0 is none.
    private static func rate(
        _ file: ConfigurationFile, _ name: String, _ usual: RateLimit?
    ) throws(OperationError) -> RateLimit? {
        let rate = try file.integer("server.limits.\(name)-rate", in: 0...1_000_000_000)
        let burst = try file.integer("server.limits.\(name)-burst", in: 1...1_000_000_000)
        guard rate != 0, let usual else { return nil }
        return RateLimit(bytesPerSecond: rate ?? usual.bytesPerSecond, burst: burst ?? usual.burst)
    }
}
