package import CloudModel
import Cryptography
import Federation
import Gossip
import Operations
package import XMPP
package import XMPPTransport

/// Looks for faults: of this site, or on the way to a peer and at its end.
///
/// What is seen is judged by `DiagnosisRules`; this is only the looking. Without a link, as on the command line while no
/// agent runs, what needs one is skipped and said so.
package struct SiteDoctor: Sendable {
    /// Where this site listens.
    package struct Ports: Hashable, Sendable {
        package var servers: [NameFacts.Server]
        /// Those of clients and components.
        package var locals: [NameFacts.Server]

        package init(servers: [NameFacts.Server] = [], locals: [NameFacts.Server] = []) {
            self.servers = servers
            self.locals = locals
        }
    }

    /// Tells people what is looked at now.
    package typealias Telling = @Sendable (String) async -> Void

    /// How long an answer may take; the first question may have streams to make in both directions.
    package static let firstAnswerTime = Duration.seconds(20)
    package static let answerTime = Duration.seconds(5)
    /// Pings of which the quickest counts.
    package static let pings = 3

    /// Allies whose clocks are compared with ours when the site itself is looked at.
    package static let clocks = 3

    let site: SiteID
    let link: (any XMPPLink)?
    let prober: RemoteProber?
    let federation: FederationService?
    private let ports: Ports
    private let local: @Sendable () async -> [Finding]
    let now: @Sendable () -> Instant
    let clock: any Clock<Duration>

    /// - Parameters:
    ///   - link: nil if no agent runs.
    ///   - prober: nil if streams to other servers are somebody else's.
    ///   - local: looks at what only the process knows: files, disk, hypervisor.
    package init(
        site: SiteID, link: (any XMPPLink)?, prober: RemoteProber?, federation: FederationService?,
        ports: Ports,
        local: @escaping @Sendable () async -> [Finding], now: @escaping @Sendable () -> Instant,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.site = site
        self.link = link
        self.prober = prober
        self.federation = federation
        self.ports = ports
        self.local = local
        self.now = now
        self.clock = clock
    }

    /// Looks at `peer`, or at the site itself.
    package func check(_ peer: SiteID?, tell: @escaping Telling) async -> FindingReport {
        if let peer, peer != self.site { return await self.checkPeer(peer, tell) }
        return await self.checkSite(tell)
    }

    private func checkSite(_ tell: @escaping Telling) async -> FindingReport {
        var report = FindingReport("\(self.site) itself")
        await tell("looking at files, disk and hypervisor")
        report.add(await self.local())
        if let prober, let domain = self.domain(of: self.site) {
            await tell("asking where DNS says that \(domain) is")
            report.add(self.rules(domain).ownNames(await prober.names(of: domain)))
            await tell("connecting to the ports of this site")
            report.add(await self.ownPorts(domain, prober, tell))
        }
        if let link { report.add(self.connection(link)) }
        report.add(await self.members(tell))
        return report
    }

    /// Every ally's reachability; of the first few that can be reached, whether their clocks agree with ours.
    private func members(_ tell: @escaping Telling) async -> [Finding] {
        let rules = self.rules(nil)
        var findings: [Finding] = []
        var asked = 0
        for member in self.federation?.sites() ?? [] where member.standing == .member {
            let isReachable = member.reachability == .reachable
            findings.append(
                rules.member(
                    member.id.address, reachability: member.reachability.rawValue, isReachable: isReachable,
                    roundTrip: member.roundTrip))
            guard let link, isReachable, asked < Self.clocks else { continue }
            asked += 1
            await tell("asking \(member.id) how late it is there")
            findings.append(rules.clock(await self.clockLead(of: member.id, over: link), member.id.address))
        }
        return findings
    }

    private func ownPorts(
        _ domain: String, _ prober: RemoteProber, _ tell: @escaping Telling
    ) async -> [Finding] {
        let pair = DomainPair(local: domain, remote: domain)
        let rules = self.rules(domain)
        var findings: [Finding] = []
        for facts in await prober.streams(
            pair, at: self.ports.servers, look: { await tell("looking at \($0)") })
        {
            findings += rules.ownPort(facts, pair, now: self.now())
        }
        for server in self.ports.locals {
            for address in server.addresses {
                let facts = await prober.port(address, server.port)
                findings.append(rules.localPort(facts, server.usesDirectTLS))
            }
        }
        return findings
    }

    /// How a process that is attached to somebody else's server stands with it.
    private func connection(_ link: any XMPPLink) -> [Finding] {
        guard let attached = link as? AttachedLink else { return [] }
        guard let fault = attached.fault else {
            return [Finding("server", .ok, "connected to the server of \(attached.address.domain)")]
        }
        return [
            Finding(
                "server", .fault, "no connection to the server of \(attached.address.domain): \(fault)",
                cure: "look at the section xmpp of the configuration, and whether that server runs")
        ]
    }
}

// MARK: A peer

extension SiteDoctor {
    private func checkPeer(_ peer: SiteID, _ tell: @escaping Telling) async -> FindingReport {
        var report = FindingReport("\(peer), seen from \(self.site)")
        guard let domain = self.domain(of: peer) else {
            report.add([
                Finding("address", .fault, "\(peer) is no address", cure: "write it like tokyo.example")
            ])
            return report
        }
        let rules = self.rules(domain)
        if let standing = self.standing(of: peer) { report.add([standing]) }
        if let prober, prober.policy(of: domain) == .blocked {
            report.add([rules.blocked(domain)])
            return report
        }
        if let prober {
            await tell("asking where DNS says that \(domain) is")
            let names = await prober.names(of: domain)
            report.add(rules.findings(of: names))
            if let local = self.domain(of: self.site) {
                let pair = DomainPair(local: local, remote: domain)
                let streams = await prober.streams(pair, at: names.servers) { place in
                    await tell("looking at \(place)")
                }
                for facts in streams { report.add(rules.findings(of: facts, pair, now: self.now())) }
            }
        } else {
            report.add([
                Finding(
                    "streams", .skipped,
                    "this site speaks through somebody else's server, which makes the streams to \(domain)")
            ])
        }
        guard let link else {
            report.add([
                Finding(
                    "round trip", .skipped, "no agent of this site runs",
                    cure: "start it (tradewind serve), then look again")
            ])
            return report
        }
        await tell("asking \(peer) how late it is there")
        report.add(rules.findings(of: await self.answers(of: peer, over: link), from: peer.address))
        return report
    }

    /// What the alliance says of it; nil for strangers.
    private func standing(of peer: SiteID) -> Finding? {
        guard let known = self.federation?.knownSite(peer) else { return nil }
        switch known.standing {
        case .member: return Finding("alliance", .ok, "\(peer) is an ally, \(known.reachability.rawValue)")
        case .invited:
            return Finding(
                "alliance", .warning, "\(peer) is invited and has not accepted",
                cure: "its owner says: site accept \(self.site)")
        case .invitedBy:
            return Finding(
                "alliance", .warning, "\(peer) has invited this site", cure: "accept it: site accept \(peer)")
        case .accepting:
            return Finding("alliance", .warning, "\(peer) has not confirmed yet that it was accepted")
        case .left:
            return Finding(
                "alliance", .warning, "the alliance with \(peer) is ended",
                cure: "begin anew: site invite \(peer)")
        case .quarantined:
            return Finding(
                "alliance", .fault,
                "\(peer) shows another key than the accepted one: nothing of it is believed",
                cure: "ask its owner whether the key is new; if so: site accept \(peer)")
        }
    }

    private func rules(_ domain: String?) -> DiagnosisRules {
        var rules = DiagnosisRules(
            policy: domain.flatMap { self.prober?.policy(of: $0) } ?? .certificateOrDialback)
        rules.answersDialback = self.link != nil
        return rules
    }

    /// The domain of a site, prepared; nil if the address is none.
    private func domain(of site: SiteID) -> String? {
        do {
            return try JID(site.address).domain
        } catch {
            return nil
        }
    }
}
