/// Why the stream of an attached process did not come to be.
package enum AttachmentFailure: Error, Hashable, Sendable {
    /// The server offers no TLS: somebody between may have taken it away.
    case noTLS
    /// The server's certificate does not prove the account's domain.
    case untrustedServer(domain: String, reason: String)
    /// The server offers no mechanism that configuration allows.
    case noCommonMechanism(offered: [String])
    /// What the server offers is weaker than what was used before: it was reconfigured, or somebody is between.
    case weakerMechanism(offered: SASLMechanism, pinned: SASLMechanism)
    case notAuthenticated(SASLClient.Failure)
    case bindingRefused(StanzaError)
    /// The server gave another address than the one at which other sites look for this one.
    case otherAddress(JID)
    case refused(StreamError)
    /// The server broke the protocol.
    case protocolViolation(String)
    case timedOut
}

extension AttachmentFailure {
    /// Whether trying again soon cannot help, because an admin has to change something first.
    package var needsAdmin: Bool {
        switch self {
        case .noTLS, .untrustedServer, .noCommonMechanism, .weakerMechanism, .otherAddress: true
        case .notAuthenticated(.refused(let failure)): failure.condition != .temporaryAuthFailure
        case .notAuthenticated: true
        case .refused(let error):
            [.conflict, .hostUnknown, .notAuthorized, .policyViolation, .hostGone].contains(error.condition)
        case .bindingRefused, .protocolViolation, .timedOut: false
        }
    }
}

extension AttachmentFailure: CustomStringConvertible {
    /// What happened and what to do about it, in a line for the log and the health report.
    package var description: String {
        switch self {
        case .noTLS:
            "the server offers no STARTTLS; switch it on there, or use a port with direct TLS"
        case .untrustedServer(let domain, let reason):
            "the server's certificate does not prove \(domain): \(reason); "
                + "if it is of an authority of your own, name that in xmpp.authorities"
        case .noCommonMechanism(let offered):
            "the server offers to authenticate by \(offered.isEmpty ? "nothing" : offered.joined(separator: ", ")); "
                + "PLAIN is used only with xmpp.plain: true"
        case .weakerMechanism(let offered, let pinned):
            "the server offers \(offered.rawValue) at best, and \(pinned.rawValue) was used before; "
                + "if it was reconfigured on purpose, remove the pin with xmpp.forget-mechanism: true"
        case .notAuthenticated(.refused(let failure)):
            "the server refuses to authenticate us: \(failure.condition.rawValue)"
                + (failure.text.map { " (\($0))" } ?? "") + "; look at the password"
        case .notAuthenticated(let failure):
            "authentication failed: \(failure)"
        case .bindingRefused(let error):
            "the server gives us no address: \(error.text ?? error.condition.rawValue)"
        case .otherAddress(let address):
            "the server gave us the address \(address), at which no other site looks for us; "
                + "it must let clients choose their resource"
        case .refused(let error):
            Self.text(of: error)
        case .protocolViolation(let what): "the server broke the protocol: \(what)"
        case .timedOut: "the server took too long"
        }
    }

    private static func text(of error: StreamError) -> String {
        let text = error.text.map { " (\($0))" } ?? ""
        let advice: [StreamError.Condition: String] = [
            .notAuthorized: "look at the secret",
            .conflict: "another process has taken the address",
            .hostUnknown: "it is not configured for the address",
        ]
        let next = advice[error.condition].map { "; \($0)" } ?? ""
        return "the server closed the stream: \(error.condition.rawValue)\(text)\(next)"
    }
}
