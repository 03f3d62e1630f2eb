package import CloudModel
package import XMPP

extension DiagnosisRules {
    /// What to say of what a peer answers to questions that go the usual way.
    package func findings(of facts: AnswerFacts, from peer: String) -> [Finding] {
        guard let roundTrip = facts.roundTrip else {
            return [self.unanswered(facts.refusal, peer)]
        }
        var findings: [Finding] = []
        let isSlow = roundTrip > self.slowRoundTrip
        findings.append(
            Finding(
                "round trip", isSlow ? .warning : .ok, roundTrip.findingText,
                cure: isSlow ? "look at the load of both machines and at the line between them" : nil))
        findings.append(self.clock(facts.clockLead, peer))
        if let software = facts.software { findings.append(Finding("software", .ok, software)) }
        return findings
    }

    /// What to say of how far the clock of `peer` is ahead of ours; nil if it does not say.
    package func clock(_ lead: Duration?, _ peer: String) -> Finding {
        guard let lead else { return Finding("clock", .skipped, "\(peer) does not say what time it is") }
        let size = lead < .zero ? .zero - lead : lead
        guard size > self.clockWarning else {
            return Finding("clock", .ok, "\(size.findingText) from that of \(peer)")
        }
        return Finding(
            "clock", size > self.clockFault ? .fault : .warning,
            "that of \(peer) is \(size.findingText) \(lead < .zero ? "behind" : "ahead of") ours",
            cure: "let both machines keep time by NTP; the one that differs from the time of day is wrong")
    }

    private func unanswered(_ refusal: StanzaError?, _ peer: String) -> Finding {
        guard let refusal else {
            return Finding(
                "round trip", .fault, "a ping was not answered in time",
                cure:
                    "answers come on a stream that \(peer) opens to us: DNS and port of this site must work from there"
            )
        }
        let cure: String
        switch refusal.condition {
        case .remoteServerNotFound:
            cure = "check the spelling of \(peer); it needs an SRV record, an address or a route"
        case .remoteServerTimeout:
            cure =
                "if the streams above are well, answers find no way back: DNS and port of this site must work from there"
        case .policyViolation, .forbidden, .notAllowed, .notAuthorized:
            cure = "the policy of this site or of \(peer) shuts the other out"
        case .badRequest, .conflict, .featureNotImplemented, .gone, .internalServerError, .itemNotFound,
            .jidMalformed, .notAcceptable, .recipientUnavailable, .redirect, .registrationRequired,
            .resourceConstraint, .serviceUnavailable, .subscriptionRequired, .undefinedCondition,
            .unexpectedRequest:
            cure = "look at the streams above; then into the log of this process"
        }
        return Finding("round trip", .fault, "a ping failed: \(refusal.words)", cure: cure)
    }
}
