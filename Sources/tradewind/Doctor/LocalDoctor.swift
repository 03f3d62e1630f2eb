import CloudModel
import Cryptography
import Logging
import Operations
import Participant
import XMPP
import XMPPServer
import XMPPTransport

/// Looks for faults with nothing but the configuration, while no agent runs.
struct LocalDoctor {
    /// Bytes of a secret that nobody else knows: without an agent nobody answers for dialback keys either.
    private static let secretLength = 32

    let path: String
    /// Why the agent is not asked.
    let unanswered: String

    /// Looks at `peer`, or at the site itself.
    func report(
        _ peer: String?, tell: @escaping @Sendable (String) async -> Void
    ) async throws(OperationError) -> FindingReport {
        let agent = Finding(
            "agent", .fault, self.unanswered, cure: "start it: tradewind serve --config \(self.path)")
        let configuration: ServeConfiguration
        do throws(OperationError) {
            configuration = try await ServeConfiguration.reading(self.path)
        } catch {
            return FindingReport(
                self.path, [agent, Finding("configuration", .fault, error.message, cure: error.next)])
        }
        let site = try peer.map { text throws(OperationError) in try Self.site(text) }
        let prober = Self.prober(configuration)
        let doctor = SiteDoctor(
            site: configuration.site, link: nil, prober: prober, federation: nil, ports: configuration.ports,
            local: SiteChecks(configuration).findings, now: SiteProcess.now)
        let seen = await doctor.check(site, tell: tell)
        await prober?.shutDown()
        var report = FindingReport(seen.subject, [agent])
        report.add(seen.findings)
        return report
    }

    private static func site(_ text: String) throws(OperationError) -> SiteID {
        do {
            return SiteID(try JID(text).bare.description)
        } catch {
            throw OperationError(
                .badRequest, "“\(text)” is no address of a site: \(error)",
                next: "write it like tokyo.example")
        }
    }

    /// Nil if this site's server is somebody else's, or if its certificate cannot be used, which is a finding of its own.
    private static func prober(_ configuration: ServeConfiguration) -> RemoteProber? {
        guard let server = configuration.server else { return nil }
        let domain = configuration.address.domain
        let xmpp = configuration.xmppServer(server)
        do {
            var random = SecureRandom()
            return RemoteProber(
                from: domain,
                certificates: try CertificateStore(
                    certificates: [domain: server.certificate], trust: server.trust),
                policy: xmpp.remotePolicy,
                resolver: Resolver(
                    routes: xmpp.routes, rootKey: xmpp.rootKey, nameServers: xmpp.nameServers),
                secret: random.bytes(Self.secretLength),
                logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            return nil
        }
    }
}
