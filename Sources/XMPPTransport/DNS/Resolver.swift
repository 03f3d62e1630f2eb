import Cryptography
import NIOCore
import NIOPosix
import Synchronization

/// Finds the places at which another server can be reached.
///
/// Static routes come first and alone: for tests and private networks without DNS. Otherwise the SRV records for
/// direct TLS and STARTTLS are asked for, then addresses. Questions to DNS block, so they are asked on threads of the
/// resolver's own, which start with the first question; whoever uses the resolver calls `shutDown()` at the end.
package final class Resolver: Sendable {
    /// Questions that are being asked at a time; others wait for their turn.
    static let threads = 16

    private enum Asking: Sendable {
        case notYet
        case on(NIOThreadPool)
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

    let routes: [String: [Route]]
    private let asking = Mutex(Asking.notYet)
    private let queries = Mutex<NameQueries?>(nil)

    /// - Parameter routes: by remote domain, in the order of trying.
    package init(routes: [String: [Route]] = [:]) {
        self.routes = routes
    }

    /// Where to connect to, best first; hosts are IP addresses unless a static route has a name.
    func candidates(
        for domain: String, of service: Service = .servers
    ) async throws(RemoteStreamError) -> [Route] {
        if let routes = self.routes[domain] { return routes }
        do {
            return try await self.pool().runIfActive {
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
        let pool = self.asking.withLock { asking -> NIOThreadPool? in
            defer { asking = .over }
            switch asking {
            case .on(let pool): return pool
            case .notYet, .over: return nil
            }
        }
        guard let pool else { return }
        await withCheckedContinuation { continuation in
            // It fails only for pools that cannot be stopped.
            pool.shutdownGracefully { _ in continuation.resume() }
        }
    }

    func pool() throws(RemoteStreamError) -> NIOThreadPool {
        let pool = self.asking.withLock { asking -> NIOThreadPool? in
            switch asking {
            case .notYet:
                let pool = NIOThreadPool(numberOfThreads: Self.threads)
                pool.start()
                asking = .on(pool)
                return pool
            case .on(let pool): return pool
            case .over: return nil
            }
        }
        guard let pool else { throw .shuttingDown }
        return pool
    }

    /// Made with the first question; blocks.
    func nameQueries() throws -> NameQueries {
        try self.queries.withLock { queries in
            if let queries { return queries }
            let made = try NameQueries()
            queries = made
            return made
        }
    }

    private func lookUp(_ domain: String, _ service: Service) throws -> [Route] {
        let queries = try self.nameQueries()
        let startTLS = try queries.records(service.records.startTLS + domain, .srv)
        let directTLS = try queries.records(service.records.directTLS + domain, .srv)
        var random = SecureRandom()
        let answer = CandidateOrder.order(
            startTLS: startTLS.compactMap(SRVRecord.init(wire:)),
            directTLS: directTLS.compactMap(SRVRecord.init(wire:)), using: &random)
        switch answer {
        case .notOffered: throw RemoteStreamError.notFound("\(domain) says that it has no XMPP server")
        case .fallBack:
            let routes = try Self.addresses(Route(host: domain, port: service.usualPort), queries)
            guard !routes.isEmpty else { throw RemoteStreamError.notFound("DNS does not know \(domain)") }
            return routes
        case .routes(let routes):
            return try routes.prefix(RemoteStreams.candidatesLimit).flatMap {
                try Self.addresses($0, queries)
            }
        }
    }

    /// The route once for each address of its host, IPv6 first.
    private static func addresses(_ route: Route, _ queries: NameQueries) throws -> [Route] {
        let records = try queries.records(route.host, .aaaa) + queries.records(route.host, .a)
        return records.compactMap { bytes in
            let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: route.port)
            return address?.ipAddress.map { Route(host: $0, port: route.port, security: route.security) }
        }
    }
}
