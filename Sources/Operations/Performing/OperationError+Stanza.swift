package import XMPP

extension OperationError {
    /// The stanza error that carries this one to another site or client.
    package var stanzaError: StanzaError {
        let text = self.next.map { "\(self.message); \($0)" } ?? self.message
        return StanzaError(self.code.condition, text: text, detail: Failure(self).element)
    }

    /// What a peer's stanza error means here; exact if it carries a `Failure`.
    package init(_ error: StanzaError) {
        let text = error.text ?? "the answer was \(error.condition.rawValue)"
        let plain = Self(Code(error.condition), text)
        guard let detail = error.detail, Failure.matches(detail) else {
            self = plain
            return
        }
        do {
            self = try Failure(parsing: detail).error
        } catch {
            self = plain
        }
    }
}

extension OperationError.Code {
    package var condition: StanzaError.Condition {
        switch self {
        case .badRequest: .badRequest
        case .unauthenticated: .notAuthorized
        case .forbidden: .forbidden
        case .notFound: .itemNotFound
        case .conflict, .keyReused: .conflict
        case .refused, .tooMany: .resourceConstraint
        case .tooLarge: .policyViolation
        case .notOffered: .featureNotImplemented
        case .unconfirmed: .notAcceptable
        case .unavailable: .serviceUnavailable
        case .timeout: .remoteServerTimeout
        case .cancelled: .undefinedCondition
        case .internalError: .internalServerError
        }
    }

    init(_ condition: StanzaError.Condition) {
        switch condition {
        case .badRequest, .jidMalformed, .unexpectedRequest: self = .badRequest
        case .notAcceptable: self = .unconfirmed
        case .conflict: self = .conflict
        case .featureNotImplemented: self = .notOffered
        case .forbidden, .notAllowed, .registrationRequired, .subscriptionRequired: self = .forbidden
        case .notAuthorized: self = .unauthenticated
        case .itemNotFound: self = .notFound
        case .policyViolation: self = .tooLarge
        case .resourceConstraint: self = .refused
        case .gone, .recipientUnavailable, .redirect, .remoteServerNotFound, .serviceUnavailable:
            self = .unavailable
        case .remoteServerTimeout: self = .timeout
        case .internalServerError, .undefinedCondition: self = .internalError
        }
    }
}
