package import CloudModel
package import XMPP

extension DiagnosisRules {
    /// What to say of the space that is left where the state is kept, in bytes.
    package func space(_ free: Int64, in folder: String) -> Finding {
        let seen = "\(free / 1_048_576) MiB left in \(folder)"
        if free < self.spaceFault {
            return Finding(
                "space", .fault, seen, cure: "make room now: nothing more can be written down soon")
        }
        guard free < self.spaceWarning else { return Finding("space", .ok, seen) }
        return Finding(
            "space", .warning, seen, cure: "make room: remove images or machines that nobody needs")
    }

    /// What to say of a file whose content must stay secret; `mode` is its permissions.
    package func secrecy(of path: String, mode: Int) -> Finding {
        guard mode & 0o077 != 0 else { return Finding("permissions", .ok, "only its owner can read \(path)") }
        return Finding(
            "permissions", .warning,
            "others than its owner can get at \(path) (mode \(String(mode & 0o777, radix: 8)))",
            cure: "chmod 600 \(path)")
    }

    /// What to say of another site of the alliance.
    package func member(
        _ site: String, reachability: String, isReachable: Bool, roundTrip: Duration?
    ) -> Finding {
        let time = roundTrip.map { ", round trip \($0.findingText)" } ?? ""
        guard !isReachable else { return Finding("member", .ok, "\(site) is \(reachability)\(time)") }
        return Finding(
            "member", .fault, "\(site) is \(reachability)", cure: "look closer: tradewind doctor \(site)")
    }

    /// What to say of our clock by itself; `release` is when this software was made.
    package func clock(_ now: Instant, release: Instant) -> Finding {
        guard now < release else { return Finding("clock", .ok, now.dateText) }
        return Finding(
            "clock", .fault, "it is \(now.dateText) here, before this software was made",
            cure: "set the clock, and let the machine keep time by NTP")
    }

    /// What to say of where others find this site.
    ///
    /// A site without a name in DNS is found by those who have a route to it: that is no fault in a private network.
    package func ownNames(_ facts: NameFacts) -> [Finding] {
        guard !facts.isNotOffered, facts.source != .configuration else { return self.findings(of: facts) }
        guard facts.servers.isEmpty else { return self.findings(of: facts) }
        return [
            Finding(
                "names", .warning,
                facts.unanswered.first.map { "DNS does not answer: \($0)" }
                    ?? "DNS has neither an SRV record nor an address for \(facts.domain)",
                cure:
                    "add the SRV record _xmpp-server._tcp.\(facts.domain), or give every ally a route to this site"
            )
        ]
    }

    /// What to say of a port of this site that other servers connect to.
    ///
    /// Nobody can prove there to be this site, not even itself: that it does not is no finding.
    package func ownPort(_ facts: StreamFacts, _ pair: DomainPair, now: Instant) -> [Finding] {
        switch facts.reach {
        case .connected:
            self.findings(of: facts, pair, now: now).filter {
                !["limits", "authentication"].contains($0.subject)
            }
        case .refused, .timedOut, .failed: [self.silent(facts, "other servers", facts.usesDirectTLS)]
        }
    }

    /// What to say of a port of this site that clients or components connect to.
    package func localPort(_ facts: StreamFacts, _ usesDirectTLS: Bool) -> Finding {
        guard case .connected(let time) = facts.reach else {
            return self.silent(facts, "clients or components", usesDirectTLS)
        }
        return Finding(
            "port", .ok, "answers after \(time.findingText)", at: Self.place(facts, usesDirectTLS))
    }

    private func silent(_ facts: StreamFacts, _ whom: String, _ usesDirectTLS: Bool) -> Finding {
        Finding(
            "port", .fault, "does not answer \(whom)",
            cure: "start the agent (tradewind serve); if it runs, compare its configuration and its log",
            at: Self.place(facts, usesDirectTLS))
    }

    static func place(_ facts: StreamFacts, _ usesDirectTLS: Bool) -> String {
        facts.place + (usesDirectTLS ? ", TLS first" : ", STARTTLS")
    }
}
