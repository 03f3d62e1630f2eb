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
        for path in [
            \Self.transport.unauthenticated, \Self.transport.client, \Self.transport.remote,
        ] {
            // A tag is never longer than what it is in.
            self[keyPath: path].tagBytes = min(
                self[keyPath: path].tagBytes, self[keyPath: path].stanzaBytes)
        }
        self.transport.rates = try RatePolicy(file)
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
