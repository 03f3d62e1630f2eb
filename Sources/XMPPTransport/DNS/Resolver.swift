import Cryptography
import NIOCore
import NIOPosix
import Synchronization

/// Finds the places at which another server can be reached.
///
/// Static routes come first and alone: for tests and private networks without DNS. Otherwise the SRV records for
/// direct TLS and STARTTLS are asked for, then addresses.
package final class Resolver: Sendable {
    private let routes: [String: [Route]]
    private let queries = Mutex<NameQueries?>(nil)

    /// - Parameter routes: by remote domain, in the order of trying.
    package init(routes: [String: [Route]] = [:]) {
        self.routes = routes
    }

    /// Where to connect to, best first; hosts are IP addresses unless a static route has a name.
    func candidates(for domain: String) async throws(RemoteStreamError) -> [Route] {
        if let routes = self.routes[domain] { return routes }
        do {
            // Blocking, so on the threads that NIO keeps for that; the calls are bounded by the pairs of domains.
            return try await NIOThreadPool.singleton.runIfActive {
                try self.lookUp(CertificateStore.asciiForm(of: domain))
            }
        } catch let error as RemoteStreamError {
            throw error
        } catch {
            throw .unresolved("\(error)")
        }
    }

    private func lookUp(_ domain: String) throws -> [Route] {
        let queries = try self.queries.withLock { queries in
            if let queries { return queries }
            let made = try NameQueries()
            queries = made
            return made
        }
        let startTLS = try queries.records("_xmpp-server._tcp.\(domain)", .srv)
        let directTLS = try queries.records("_xmpps-server._tcp.\(domain)", .srv)
        var random = SecureRandom()
        let answer = CandidateOrder.order(
            startTLS: startTLS.compactMap(SRVRecord.init(wire:)),
            directTLS: directTLS.compactMap(SRVRecord.init(wire:)), using: &random)
        switch answer {
        case .notOffered: throw RemoteStreamError.notFound("\(domain) says that it has no XMPP server")
        case .fallBack:
            let routes = try Self.addresses(Route(host: domain, port: CandidateOrder.usualPort), queries)
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
