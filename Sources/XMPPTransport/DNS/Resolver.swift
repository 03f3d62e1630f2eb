import Cryptography
import NIOCore
import NIOPosix
import Synchronization

/// Finds the places at which another server can be reached.
///
/// Static routes come first and alone: for tests and private networks without DNS. Otherwise the SRV records for
/// direct TLS and STARTTLS are asked for, then addresses.
package final class Resolver: Sendable {
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

    private let routes: [String: [Route]]
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
            // Blocking, so on the threads that NIO keeps for that; the calls are bounded by the pairs of domains.
            return try await NIOThreadPool.singleton.runIfActive {
                try self.lookUp(CertificateStore.asciiForm(of: domain), service)
            }
        } catch let error as RemoteStreamError {
            throw error
        } catch {
            throw .unresolved("\(error)")
        }
    }

    private func lookUp(_ domain: String, _ service: Service) throws -> [Route] {
        let queries = try self.queries.withLock { queries in
            if let queries { return queries }
            let made = try NameQueries()
            queries = made
            return made
        }
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
