package import XML

/// A stanza error (RFC 6120 §8.3): what went wrong and what the sender may do about it.
package struct StanzaError: Error, Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case auth
        case cancel
        case `continue`
        case modify
        case wait
    }

    package enum Condition: String, Hashable, Sendable, CaseIterable {
        case badRequest = "bad-request"
        case conflict
        case featureNotImplemented = "feature-not-implemented"
        case forbidden
        case gone
        case internalServerError = "internal-server-error"
        case itemNotFound = "item-not-found"
        case jidMalformed = "jid-malformed"
        case notAcceptable = "not-acceptable"
        case notAllowed = "not-allowed"
        case notAuthorized = "not-authorized"
        case policyViolation = "policy-violation"
        case recipientUnavailable = "recipient-unavailable"
        case redirect
        case registrationRequired = "registration-required"
        case remoteServerNotFound = "remote-server-not-found"
        case remoteServerTimeout = "remote-server-timeout"
        case resourceConstraint = "resource-constraint"
        case serviceUnavailable = "service-unavailable"
        case subscriptionRequired = "subscription-required"
        case undefinedCondition = "undefined-condition"
        case unexpectedRequest = "unexpected-request"
    }

    package var kind: Kind
    package var condition: Condition
    package var text: String?
    /// Where to go instead, an XMPP URI: only with `gone` and `redirect` (RFC 6120 §8.3.3.5, §8.3.3.14).
    package var newAddress: String?
    /// An application-specific condition in a namespace of its own (RFC 6120 §8.3.4).
    package var detail: Element?

    package init(_ condition: Condition, kind: Kind? = nil, text: String? = nil, detail: Element? = nil) {
        self.kind = kind ?? condition.usualKind
        self.condition = condition
        self.text = text
        self.detail = detail
    }
}

extension StanzaError.Condition {
    /// The error type that RFC 6120 §8.3.3 recommends for the condition.
    package var usualKind: StanzaError.Kind {
        switch self {
        case .badRequest, .jidMalformed, .notAcceptable, .policyViolation, .redirect: .modify
        case .forbidden, .notAuthorized, .registrationRequired, .subscriptionRequired: .auth
        case .recipientUnavailable, .remoteServerTimeout, .resourceConstraint, .unexpectedRequest: .wait
        case .conflict, .featureNotImplemented, .gone, .internalServerError, .itemNotFound, .notAllowed,
            .remoteServerNotFound, .serviceUnavailable, .undefinedCondition:
            .cancel
        }
    }
}
