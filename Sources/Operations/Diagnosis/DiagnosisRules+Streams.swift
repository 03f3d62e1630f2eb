package import CloudModel
package import XMPP

extension DiagnosisRules {
    /// What to say of a stream of `pair.local` to `pair.remote` at one place.
    package func findings(of facts: StreamFacts, _ pair: DomainPair, now: Instant) -> [Finding] {
        var findings = [self.port(facts)]
        if case .connected = facts.reach, let end = facts.end {
            if !facts.speaksXMPP, !facts.beganTLS {
                findings.append(self.silence(end, pair))
            } else {
                findings.append(self.encryption(facts, end))
                if facts.tls != nil {
                    findings += self.certificate(facts, pair, now)
                    findings.append(self.authentication(end, facts, pair))
                    if case .authenticated = end { findings.append(self.limits(facts.limits)) }
                }
            }
        }
        let place = Self.place(facts, facts.usesDirectTLS)
        return findings.map { finding in
            var finding = finding
            finding.place = place
            return finding
        }
    }

    private func port(_ facts: StreamFacts) -> Finding {
        switch facts.reach {
        case .connected(let time): Finding("port", .ok, "answers after \(time.findingText)")
        case .refused:
            Finding(
                "port", .fault, "nobody listens there (connection refused)",
                cure: "is the server running, and on this port? Is the address the right one?")
        case .timedOut(let time):
            Finding(
                "port", .fault, "no answer within \(time.findingText)",
                cure: "is the machine up? A firewall on either side must let TCP to this port pass")
        case .failed(let reason):
            Finding(
                "port", .fault, "cannot be reached: \(reason)",
                cure: "look at the routes of this machine, and whether it has IPv6 if the address is IPv6")
        }
    }

    /// The connection was taken, and then no stream was opened.
    private func silence(_ end: StreamFacts.End, _ pair: DomainPair) -> Finding {
        switch end {
        case .failed(.refused(let error)): self.refusal(error, pair)
        case .failed(.timedOut):
            Finding(
                "stream", .fault, "the port takes connections and says nothing",
                cure:
                    "is it the port for servers? One where TLS comes first needs the SRV record _xmpps-server, or “,tls” in the route"
            )
        case .failed, .lost, .authenticated:
            Finding(
                "stream", .fault, "what listens there does not speak XMPP between servers (\(end.words))",
                cure: "is it the port for servers (usually 5269), and not that for clients or for TLS first?")
        }
    }

    private func encryption(_ facts: StreamFacts, _ end: StreamFacts.End) -> Finding {
        if let tls = facts.tls { return Finding("encryption", .ok, "\(tls.version), \(tls.cipher)") }
        if facts.beganTLS {
            return Finding(
                "encryption", .fault, "the TLS handshake failed (\(end.words))",
                cure: facts.usesDirectTLS
                    ? "does TLS come first on this port? Both sides need TLS 1.2 or later"
                    : "both sides need TLS 1.2 or later; its owner looks at certificate and key of the server"
            )
        }
        if case .failed(.refused(let error)) = end {
            return Finding(
                "stream", .fault, "closed at once: \(error.words)",
                cure: "its owner looks into the log of the server")
        }
        return Finding(
            "encryption", .fault, "STARTTLS is not offered",
            cure: "its owner gives the server a certificate and turns TLS on; nothing is exchanged without it"
        )
    }

    private func certificate(_ facts: StreamFacts, _ pair: DomainPair, _ now: Instant) -> [Finding] {
        guard let certificate = facts.certificate else {
            return [
                Finding(
                    "certificate", self.policy.allowsDialback ? .warning : .fault, "none is shown",
                    cure: "its owner gives the server a certificate for \(pair.remote)")
            ]
        }
        if case .pinned = self.policy, let tls = facts.tls { return [self.pin(tls, pair)] }
        switch facts.tls?.peer?.announced {
        case .matched: return [Finding("certificate", .ok, "is the one that DNS announces (DANE)")]
        case .mismatched:
            return [
                Finding(
                    "certificate", .fault, "is not the one that DNS announces (TLSA record, DANE)",
                    cure:
                        "its owner makes the TLSA records fit the certificate, those of the next one before it changes; "
                        + "or somebody answers there in its place")
            ]
        case nil: return self.findings(of: certificate, for: pair.remote, by: .peer, now: now)
        }
    }

    /// A key that is pinned counts by itself: who issued the certificate, for whom and until when, does not matter.
    private func pin(_ tls: TLSFacts, _ pair: DomainPair) -> Finding {
        switch self.policy.judge(pair.remote, tls) {
        case .proved: Finding("certificate", .ok, "its key is the one pinned for \(pair.remote)")
        case .needsDialback, .refused:
            Finding(
                "certificate", .fault, "its key is not the one pinned for \(pair.remote)",
                cure: "ask its owner for the digest of the new key, and pin that in federation.peers")
        }
    }

    private func limits(_ limits: StreamLimits) -> Finding {
        let silence = limits.longestSilence.map { ", idle for \($0) s at most" } ?? ""
        guard let longest = limits.longestStanza else {
            return Finding("limits", .ok, "none are announced" + silence)
        }
        let seen = "stanzas of \(longest) bytes at most" + silence
        if longest < self.leastStanza {
            return Finding(
                "limits", .fault, seen,
                cure: "its owner raises the limit: every server must take \(self.leastStanza) bytes")
        }
        guard longest < self.smallStanza else { return Finding("limits", .ok, seen) }
        return Finding(
            "limits", .warning, seen,
            cure:
                "its owner raises the limit to \(self.smallStanza) bytes or more, or long lists will be refused"
        )
    }
}
