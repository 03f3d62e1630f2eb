package import CloudModel
package import XMPP

extension DiagnosisRules {
    /// Whose certificate it is: decides who can mend it.
    package enum Owner: Hashable, Sendable {
        /// The one this site shows.
        case ourselves
        case peer
    }

    /// What to say of a certificate that is shown for `domain`.
    package func findings(
        of certificate: CertificateFacts, for domain: String, by owner: Owner, now: Instant
    ) -> [Finding] {
        let left = now.duration(
            to: Instant(millisecondsSinceEpoch: certificate.notAfter.millisecondsSinceEpoch))
        let days = left.components.seconds / 86_400
        var findings: [Finding] = []
        if let problem = certificate.problem {
            findings.append(self.finding(of: problem, certificate, owner))
        }
        if !certificate.names(domain) {
            let names = certificate.names.dns + certificate.names.addresses
            let shown = names.isEmpty ? "nobody" : Set(names).sorted().prefix(4).joined(separator: ", ")
            findings.append(
                Finding(
                    "certificate", self.gravity(owner), "is for \(shown), not for \(domain)",
                    cure: "\(self.who(owner)) a certificate with the name \(domain) (DNS name or xmppAddr)"))
        }
        guard findings.isEmpty else { return findings }
        let seen = "for \(domain) by \(certificate.issuer), \(days) \(days == 1 ? "day" : "days") left"
        guard days < self.renewalDays else { return [Finding("certificate", .ok, seen)] }
        return [
            Finding(
                "certificate", .warning, seen,
                cure: owner == .ourselves
                    ? "renew it before \(certificate.notAfter)"
                    : "its owner renews it before \(certificate.notAfter)")
        ]
    }

    private func finding(
        of problem: CertificateFacts.Problem, _ certificate: CertificateFacts, _ owner: Owner
    ) -> Finding {
        let (seen, cure) =
            switch problem {
            case .expired:
                ("expired on \(certificate.notAfter)", "\(self.who(owner)) a new one")
            case .notYetValid:
                (
                    "counts only from \(certificate.notBefore) on",
                    "compare the clocks of both machines; if they are right, wait or use the former certificate"
                )
            case .selfSigned:
                (
                    "signed by itself, so that nobody vouches for it",
                    "\(self.who(owner)) one of an authority that the others trust, or "
                        + "\(owner == .ourselves ? "the others add" : "add") it to server.authorities"
                )
            case .unknownIssuer:
                (
                    "issued by \(certificate.issuer), which is not trusted "
                        + "(\(certificate.chainLength) certificate\(certificate.chainLength == 1 ? "" : "s") shown)",
                    "the chain file must hold the certificates between too, leaf first; "
                        + "or add the authority to server.authorities"
                )
            case .other(let reason): ("does not count: \(reason)", "\(self.who(owner)) another one")
            }
        return Finding("certificate", self.gravity(owner), seen, cure: cure)
    }

    /// A peer may still prove itself by dialback where that is allowed.
    private func gravity(_ owner: Owner) -> Finding.Verdict {
        owner == .peer && self.policy.allowsDialback ? .warning : .fault
    }

    private func who(_ owner: Owner) -> String {
        switch owner {
        case .ourselves: "get"
        case .peer: "its owner gets"
        }
    }
}
