import Cryptography
import NIOCore
import NIOPosix
import Synchronization
import XMPP

/// Finds the places at which another server can be reached.
///
/// Static routes come first and alone: for tests and private networks without DNS. Otherwise the SRV records for
/// direct TLS and STARTTLS are asked for, then addresses and, where answers are validated, TLSA records. Questions to DNS
/// block, so they are asked on threads of the resolver's own, which start with the first question; whoever uses the
/// resolver calls `shutDown()` at the end.
package final class Resolver: Sendable {
    /// For whom DNS is asked: what others make us ask must not hold up what we ask for ourselves.
    enum Asker: Hashable, Sendable {
        case ourselves
        /// Accounts and rooms here, whose messages may be for domains without end.
        case people
        /// Those whose dialback keys are being verified, and those who have come to us and are answered.
        case strangers
        /// Those whom accounts and rooms here answer though they are not here: gone again, or never come.
        case absent

        /// Questions that are being asked at a time; others wait for their turn.
        var threads: Int {
            switch self {
            case .ourselves, .people: 16
            case .strangers, .absent: 4
            }
        }
    }

    private enum Asking: Sendable {
        case on([Asker: NIOThreadPool])
        case over
    }

    /// Whom a domain is asked for.
    package enum Service: Hashable, Sendable {
        /// What other servers connect to.
        case servers
        /// What clients connect to.
        case clients

        /// The SRV records for STARTTLS and for direct TLS (RFC 6120 §3.2.1, XEP-0368 §3).
        var records: (startTLS: String, directTLS: String) {
            switch self {
            case .servers: ("_xmpp-server._tcp.", "_xmpps-server._tcp.")
            case .clients: ("_xmpp-client._tcp.", "_xmpps-client._tcp.")
            }
        }

        /// The port of domains that have no SRV record (RFC 6120 §3.2.2).
        var usualPort: Int {
            switch self {
            case .servers: 5269
            case .clients: 5222
            }
        }
    }

    /// One question to DNS; blocks.
    typealias Ask =
        @Sendable (String, NameQueries.RecordType) throws(NameQueries.Failure) -> NameQueries.Answer

    let routes: [String: [Route]]
    private let nameServers: [NameServer]
    private let asking = Mutex(Asking.on([:]))
    private let makeAsk: @Sendable () throws(NameQueries.Failure) -> Ask
    private let ask = Mutex<Ask?>(nil)

    /// - Parameters:
    ///   - routes: by remote domain, in the order of trying.
    ///   - rootKey: the file of the keys by which answers are validated, usually that of DNS's root; with it TLSA records
    ///     are asked for (RFC 7673).
    ///   - nameServers: which name servers are asked instead of those of the system, for all names or some.
    package convenience init(
        routes: [String: [Route]] = [:], rootKey: String? = nil, nameServers: [NameServer] = []
    ) {
        self.init(routes: routes, nameServers: nameServers) { () throws(NameQueries.Failure) in
            let queries = try NameQueries(rootKey: rootKey, nameServers: nameServers)
            return { name, type throws(NameQueries.Failure) in try queries.ask(name, type) }
        }
    }

    /// Asks whatever `makeAsk` returns, made with the first question.
    init(
        routes: [String: [Route]] = [:], nameServers: [NameServer] = [],
        asking makeAsk: @escaping @Sendable () throws(NameQueries.Failure) -> Ask
    ) {
        self.routes = routes
        self.nameServers = nameServers
        self.makeAsk = makeAsk
    }

    /// Whether the name servers for a host were chosen here: then its addresses may well be inside a private network, if no
    /// other name servers led to that host.
    func isOurs(_ host: String) -> Bool { self.nameServers.contains { $0.isChosen(for: host) } }

    /// Where to connect to, best first; hosts are IP addresses unless a static route has a name.
    func candidates(
        for domain: String, of service: Service = .servers, asking asker: Asker = .ourselves
    ) async throws(RemoteStreamError) -> [Candidate] {
        if let routes = self.routes[domain] { return routes.map { Candidate($0) } }
        do {
            return try await self.pool(for: asker).runIfActive {
                try self.lookUp(CertificateStore.asciiForm(of: domain), service)
            }
        } catch let error as RemoteStreamError {
            throw error
        } catch {
            throw .unresolved("\(error)")
        }
    }

    /// Ends the threads once what they ask is answered; nothing is looked up after that.
    package func shutDown() async {
        let pools = self.asking.withLock { asking -> [NIOThreadPool] in
            defer { asking = .over }
            return if case .on(let pools) = asking { Array(pools.values) } else { [] }
        }
        for pool in pools {
            await withCheckedContinuation { continuation in
                // It fails only for pools that cannot be stopped.
                pool.shutdownGracefully { _ in continuation.resume() }
            }
        }
    }

    func pool(for asker: Asker) throws(RemoteStreamError) -> NIOThreadPool {
        let pool = self.asking.withLock { asking -> NIOThreadPool? in
            guard case .on(var pools) = asking else { return nil }
            if let pool = pools[asker] { return pool }
            let pool = NIOThreadPool(numberOfThreads: asker.threads)
            pool.start()
            pools[asker] = pool
            asking = .on(pools)
            return pool
        }
        guard let pool else { throw .shuttingDown }
        return pool
    }

    /// Made with the first question; blocks.
    func question() throws(NameQueries.Failure) -> Ask {
        try self.ask.withLock { ask throws(NameQueries.Failure) in
            if let ask { return ask }
            let made = try self.makeAsk()
            ask = made
            return made
        }
    }

    private func lookUp(_ domain: String, _ service: Service) throws -> [Candidate] {
        let ask = try self.question()
        let startTLS = try ask(service.records.startTLS + domain, .srv)
        let directTLS = try ask(service.records.directTLS + domain, .srv)
        var random = SecureRandom()
        let answer = CandidateOrder.order(
            startTLS: startTLS.records.compactMap(SRVRecord.init(wire:)),
            directTLS: directTLS.records.compactMap(SRVRecord.init(wire:)), using: &random)
        let isSecure = startTLS.isSecure && directTLS.isSecure
        switch answer {
        case .notOffered: throw RemoteStreamError.notFound("\(domain) says that it has no XMPP server")
        case .fallBack:
            let own = Candidate(Route(host: domain, port: service.usualPort))
            let found = try Self.places(own, of: domain, isSecure: isSecure, ask)
            guard !found.isEmpty else { throw RemoteStreamError.notFound("DNS does not know \(domain)") }
            return found
        case .candidates(let candidates):
            var found: [Candidate] = []
            var last: NameQueries.Failure?
            for candidate in candidates.prefix(PlaceRounds.limit) {
                do throws(NameQueries.Failure) {
                    found += try Self.places(candidate, of: domain, isSecure: isSecure, ask)
                } catch {
                    // The others may do.
                    last = error
                }
            }
            if found.isEmpty, let last { throw last }
            return found
        }
    }

    /// The candidate once for each address of its host, IPv6 and IPv4 in turn (RFC 8305 §4), with what its TLSA records
    /// say.
    ///
    /// They count only if everything that led to them is secure (RFC 7673 §3); what is bogus fails.
    private static func places(
        _ candidate: Candidate, of domain: String, isSecure: Bool, _ ask: Ask
    ) throws(NameQueries.Failure) -> [Candidate] {
        let (host, port) = (candidate.route.host, candidate.route.port)
        let (sixes, fours) = (try ask(host, .aaaa), try ask(host, .a))
        let isProved = isSecure && sixes.isSecure && fours.isSecure
        let expectation = isProved ? try self.expectation(host, port, of: domain, ask) : nil
        return self.inTurn(sixes.records, fours.records).compactMap { bytes in
            let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: port)
            guard let ip = address?.ipAddress else { return nil }
            let route = Route(host: ip, port: port, security: candidate.route.security)
            return Candidate(route, priority: candidate.priority, expectation: expectation)
        }
    }

    /// What DNS proves about the certificate of a place to which it leads with proof; nil if it says nothing of use.
    static func expectation(
        _ host: String, _ port: Int, of domain: String, _ ask: Ask
    ) throws(NameQueries.Failure) -> TLSAExpectation? {
        let answer = try ask("_\(port)._tcp.\(host)", .tlsa)
        guard answer.isSecure else { return nil }
        return TLSAExpectation(answer.records.compactMap(TLSARecord.init(wire:)), names: [host, domain])
    }

    private static func inTurn<Item>(_ first: [Item], _ second: [Item]) -> [Item] {
        (0..<max(first.count, second.count)).flatMap { index in
            [first, second].compactMap { index < $0.count ? $0[index] : nil }
        }
    }
}
