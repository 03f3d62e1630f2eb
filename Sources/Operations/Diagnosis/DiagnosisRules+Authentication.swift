package import CloudModel
import XMPP

extension DiagnosisRules {
    /// What came of proving who we are.
    func authentication(_ end: StreamFacts.End, _ facts: StreamFacts, _ pair: DomainPair) -> Finding {
        let subject = "authentication"
        switch end {
        case .authenticated(.external):
            return Finding(subject, .ok, "our certificate is taken (SASL EXTERNAL)")
        case .authenticated(.dialback(nil)):
            return Finding(
                subject, .warning, "by server dialback; EXTERNAL is not offered to us",
                cure:
                    "its owner has the server trust the authority of our certificate; ours must name \(pair.local)"
            )
        case .authenticated(.dialback(.some(let refusal))):
            return Finding(
                subject, .warning, "EXTERNAL was refused (\(refusal.words)); server dialback worked",
                cure:
                    "its owner has the server trust the authority of our certificate; ours must name \(pair.local)"
            )
        case .lost(let reason):
            return Finding(
                subject, .fault, "the connection ended during it: \(reason)",
                cure: "its owner looks into the log of the server")
        case .failed(.untrustedPeer(let reason)) where facts.tls?.peer?.announced == .mismatched:
            return Finding(
                subject, .skipped, reason,
                cure:
                    "the certificate or its TLSA record must be mended first; dialback does not get round it")
        case .failed(let failure): return self.failure(failure, pair)
        }
    }

    private func failure(_ failure: InitiatingRemoteStream.Failure, _ pair: DomainPair) -> Finding {
        let subject = "authentication"
        switch failure {
        case .untrustedPeer(let reason):
            return Finding(
                subject, .skipped, "our policy wants a certificate for \(pair.remote) that counts: \(reason)",
                cure:
                    "the certificate must be mended first; or allow dialback with federation.peers.\(pair.remote): dialback"
            )
        case .externalRefused(let refusal):
            return Finding(
                subject, .fault, "our certificate is refused (\(refusal.words))",
                cure:
                    "its owner has the server trust the authority of our certificate; ours must name \(pair.local); "
                    + "or both allow dialback")
        case .dialbackRefused where !self.answersDialback, .timedOut where !self.answersDialback:
            return Finding(
                subject, .skipped, "the other server asks ours about dialback, and no agent runs here",
                cure: "start it (tradewind serve), then look again")
        case .dialbackRefused(let verdict): return self.dialback(verdict, pair)
        case .noCommonMethod:
            return Finding(
                subject, .fault,
                !self.policy.allowsDialback
                    ? "EXTERNAL is not offered, and our policy forbids dialback"
                    : "neither EXTERNAL nor dialback is offered",
                cure:
                    "its owner has the server trust the authority of our certificate, which must name \(pair.local)"
                    + (!self.policy.allowsDialback
                        ? "; or allow dialback with federation.peers.\(pair.remote): dialback" : ""))
        case .refused(let error): return self.refusal(error, pair)
        case .timedOut:
            return Finding(
                subject, .fault, "no answer in time",
                cure:
                    "with dialback the other server asks ours first: port and DNS of \(pair.local) must work from there"
            )
        case .noTLS:
            return Finding(
                subject, .fault, "the server does not know stream features",
                cure: "its owner updates the server")
        case .protocolViolation(let what):
            return Finding(
                subject, .fault, "the other server broke the protocol: \(what)",
                cure: "its owner updates the server")
        }
    }

    private func dialback(_ verdict: DialbackVerdict, _ pair: DomainPair) -> Finding {
        let cure =
            "the other server asks the server it finds for \(pair.local): DNS, port and certificate of "
            + "\(pair.local) must lead it here"
        switch verdict {
        case .error(let error):
            return Finding(
                "authentication", .fault, "dialback failed: \(error.words)",
                cure: error.condition == .policyViolation || error.condition == .notAuthorized
                    ? "its owner allows dialback for \(pair.local), or trusts the authority of our certificate"
                    : cure)
        case .invalid, .valid, .key:
            return Finding("authentication", .fault, "dialback failed: the key was found wrong", cure: cure)
        }
    }

    /// The other server closed the stream with an error.
    func refusal(_ error: StreamError, _ pair: DomainPair) -> Finding {
        let cure =
            switch error.condition {
            case .hostUnknown, .hostGone:
                "what listens there does not serve \(pair.remote): mend the SRV record or the route"
            case .policyViolation, .notAuthorized:
                "its owner allows \(pair.local), or has the server trust the authority of our certificate"
            case .resourceConstraint, .systemShutdown, .reset, .connectionTimeout, .remoteConnectionFailed:
                "try again later; if it stays, its owner looks into the log of the server"
            case .badFormat, .badNamespacePrefix, .conflict, .improperAddressing, .internalServerError,
                .invalidFrom,
                .invalidNamespace, .invalidXML, .notWellFormed, .restrictedXML, .seeOtherHost,
                .undefinedCondition,
                .unsupportedEncoding, .unsupportedFeature, .unsupportedStanzaType, .unsupportedVersion:
                "its owner looks into the log of the server"
            }
        return Finding("stream", .fault, "closed by the other server: \(error.words)", cure: cure)
    }

    /// The configuration of this site shuts the domain out; nothing else is looked at.
    package func blocked(_ domain: String) -> Finding {
        Finding(
            "policy", .fault, "\(domain) is blocked here, so nothing is exchanged with it",
            cure:
                "if that is not meant, change federation.peers.\(domain), or what is written there for all below a domain, "
                + "from blocked")
    }
}

extension StreamFacts.End {
    /// For a sentence in parentheses.
    var words: String {
        switch self {
        case .authenticated: "authenticated"
        case .lost(let reason): reason
        case .failed(let failure):
            switch failure {
            case .noTLS: "no stream features"
            case .untrustedPeer(let reason): reason
            case .externalRefused(let failure): failure.words
            case .dialbackRefused: "dialback failed"
            case .noCommonMethod: "no way to authenticate"
            case .refused(let error): error.words
            case .protocolViolation(let what): what
            case .timedOut: "no answer in time"
            }
        }
    }
}

extension StreamError {
    var words: String { self.text.map { "\(self.condition.rawValue), “\($0)”" } ?? self.condition.rawValue }
}

extension StanzaError {
    var words: String { self.text.map { "\(self.condition.rawValue), “\($0)”" } ?? self.condition.rawValue }
}

extension SASLFailure {
    var words: String { self.text.map { "\(self.condition.rawValue), “\($0)”" } ?? self.condition.rawValue }
}
