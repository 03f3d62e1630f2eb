package import CloudModel
package import XMPP

extension DiagnosisRules {
    /// What to say of where the servers of a domain are.
    package func findings(of facts: NameFacts) -> [Finding] {
        let domain = facts.domain
        if facts.isNotOffered {
            return [
                Finding(
                    "names", .fault,
                    "an SRV record of \(domain) has the target “.”: it says that it has no XMPP server",
                    cure: "its owner replaces the record by one that names host and port of the server")
            ]
        }
        var findings = facts.servers.flatMap { self.findings(of: $0, facts) }
        if facts.servers.isEmpty, facts.unanswered.isEmpty, facts.bogus.isEmpty {
            findings.append(
                Finding(
                    "names", .fault, "DNS has neither an SRV record nor an address for \(domain)",
                    cure: "check the spelling; its owner adds the SRV record _xmpp-server._tcp.\(domain); "
                        + "on a private network add \(domain)=HOST:PORT to server.routes"))
        }
        if facts.source == .domainItself, !facts.servers.isEmpty {
            findings.append(
                Finding(
                    "SRV record", .warning, "there is none, so the usual port of \(domain) itself is tried",
                    cure:
                        "its owner adds _xmpp-server._tcp.\(domain), and _xmpps-server._tcp.\(domain) for TLS first"
                ))
        }
        for problem in facts.unanswered {
            findings.append(
                Finding(
                    "names", facts.servers.isEmpty ? .fault : .warning, "DNS does not answer: \(problem)",
                    cure: "look at /etc/resolv.conf here and at the name servers of \(domain)"))
        }
        for problem in facts.bogus {
            findings.append(
                Finding(
                    "DNSSEC", .fault, problem,
                    cure:
                        "the owner of \(domain) signs the zone anew; until then nobody who validates DNS connects. "
                        + "If others find it in order, somebody between here and there answers in its place"))
        }
        return findings
    }

    private func findings(of server: NameFacts.Server, _ facts: NameFacts) -> [Finding] {
        let target = "\(server.host):\(server.port)" + (server.usesDirectTLS ? " with TLS first" : "")
        let (subject, source) =
            switch facts.source {
            case .configuration: ("route", "the configuration says \(target)")
            case .records: ("SRV record", target)
            case .domainItself: ("names", target)
            }
        if server.addresses.isEmpty, server.withheld.isEmpty {
            // What was answered falsely is told by itself.
            guard facts.bogus.isEmpty else { return [] }
            return [
                Finding(
                    subject, .fault, "\(source), but \(server.host) has no address",
                    cure:
                        "the owner of \(facts.domain) adds an A or AAAA record for \(server.host), or mends the SRV record"
                )
            ]
        }
        var findings: [Finding] = []
        if !server.addresses.isEmpty {
            let addresses =
                server.addresses == [server.host] ? "" : " at " + server.addresses.joined(separator: ", ")
            findings.append(Finding(subject, .ok, source + addresses))
        }
        if !server.withheld.isEmpty {
            let addresses = server.withheld.joined(separator: ", ")
            findings.append(
                Finding(
                    subject, .warning,
                    "\(target) is at \(addresses), inside a private network: not looked at",
                    cure:
                        "if that is right, add \(facts.domain)=HOST:PORT to server.routes; if not, its owner mends DNS"
                ))
        }
        if let expectation = server.expectation {
            let count = expectation.records.count
            findings.append(
                Finding(
                    "DANE", .ok,
                    "DNS announces the certificate of \(target), signed: \(count) "
                        + (count == 1 ? "TLSA record" : "TLSA records")))
        }
        return findings
    }
}
