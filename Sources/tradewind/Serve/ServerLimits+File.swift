import Operations
import XML
import XMPP
import XMPPServer
import XMPPTransport

/// The keys below `server.limits`; what is not in the file keeps its default.
extension ServerLimits {
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        try self.readStanzas(file)
        try self.readTimes(file)
        try self.readNumbers(file)
        try self.readSessions(file)
        self.transport.rates = try RatePolicy(file)
    }

    private static func key(_ name: String) -> String { "server.limits." + name }

    /// How much one stanza may hold.
    private mutating func readStanzas(_ file: ConfigurationFile) throws(OperationError) {
        try self.transport.unauthenticated.read(file, below: Self.key("unauthenticated"))
        try self.transport.client.read(file, below: Self.key("clients"))
        try self.transport.remote.read(file, below: Self.key("servers"))
    }

    private mutating func readTimes(_ file: ConfigurationFile) throws(OperationError) {
        try self.readTime("authentication-time", file) { $0.set(\.authenticationTime, to: $1) }
        try self.readTime("handshake-time", file) { $0.set(\.handshakeTime, to: $1) }
        try self.readTime("failure-delay", file) { $0.set(\.failureDelay, to: $1) }
        try self.readTime("client-silence", file) { $0.set(\.clientSilence, to: $1) }
        try self.readTime("client-answer", file) { $0.set(\.clientAnswer, to: $1) }
        try self.readTime("server-idle", file) { $0.set(\.idleRemote, to: $1) }
        try self.readTime("stanza-time", file) { $0.set(\.stanzaTime, to: $1) }
        try self.readTime("keepalive", file) { $0.set(\.keepalive, to: $1) }
    }

    private mutating func readTime(
        _ name: String, _ file: ConfigurationFile, _ set: (inout TransportLimits, Duration) -> Void
    ) throws(OperationError) {
        guard let duration = try file.duration(Self.key(name)) else { return }
        guard duration > .zero else { throw file.problem(Self.key(name), "longer than nothing") }
        set(&self.transport, duration)
    }

    private mutating func readNumbers(_ file: ConfigurationFile) throws(OperationError) {
        let numbers: [(String, WritableKeyPath<ServerLimits, Int>)] = [
            ("handshakes", \.transport.handshakes),
            ("failures-per-stream", \.transport.authenticationFailures),
            ("failures-per-address", \.transport.failuresPerAddress),
            ("connections-per-address", \.transport.connectionsPerAddress),
            ("connections", \.transport.connections), ("password-hashes", \.transport.passwordHashes),
            ("slow-stanzas", \.transport.slowPeerStanzas), ("slow-bytes", \.transport.slowPeerBytes),
            ("sessions-per-account", \.sessionsPerAccount),
            ("kept-messages", \.keptMessagesPerAccount), ("kept-bytes", \.keptBytesPerAccount),
        ]
        for (name, number) in numbers {
            guard let value = try file.integer(Self.key(name), in: 1...1_000_000_000) else { continue }
            self[keyPath: number] = value
        }
        if let backlog = try file.integer(Self.key("backlog"), in: 1...65_535) {
            self.transport.backlog = Int32(backlog)
        }
    }

    /// Stream management and client state.
    private mutating func readSessions(_ file: ConfigurationFile) throws(OperationError) {
        if let seconds = try file.integer(Self.key("resumption-seconds"), in: 0...86_400) {
            self.sessions.resumptionSeconds = UInt32(seconds)
        }
        let numbers: [(String, WritableKeyPath<SessionLimits, Int>)] = [
            ("hibernated-sessions", \.hibernatedPerAccount),
            ("hibernated-stanzas", \.hibernated.stanzas), ("hibernated-bytes", \.hibernated.bytes),
            ("inactive-stanzas", \.inactiveStanzas),
        ]
        for (name, number) in numbers {
            guard let value = try file.integer(Self.key(name), in: 1...1_000_000_000) else { continue }
            self.sessions[keyPath: number] = value
        }
    }
}

extension XMLLimits {
    fileprivate mutating func read(_ file: ConfigurationFile, below key: String) throws(OperationError) {
        // RFC 6120 §13.12 forbids less than 10,000 bytes.
        if let bytes = try file.integer(key + ".stanza-bytes", in: 10_000...67_108_864) {
            self.stanzaBytes = bytes
            self.tagBytes = min(self.tagBytes, bytes)
        }
        if let elements = try file.integer(key + ".elements", in: 16...1_000_000) {
            self.elementsPerStanza = elements
        }
        if let depth = try file.integer(key + ".depth", in: 4...1_000) { self.depth = depth }
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
