import XML

/// What can be wrong with a step of an ad-hoc command (XEP-0050 §4.5).
package enum CommandError: String, Error, Hashable, Sendable, CaseIterable {
    /// The action is not understood.
    case malformedAction = "malformed-action"
    /// The action is not possible now.
    case badAction = "bad-action"
    case badLocale = "bad-locale"
    /// The form does not fit.
    case badPayload = "bad-payload"
    /// There is no such session, or it is somebody else's.
    case badSessionID = "bad-sessionid"
    case sessionExpired = "session-expired"

    /// The error to answer with.
    package func stanzaError(text: String? = nil) -> StanzaError {
        StanzaError(
            self.condition, kind: self == .sessionExpired ? .cancel : .modify, text: text,
            detail: Element(self.rawValue, namespace: Namespace.commands))
    }

    private var condition: StanzaError.Condition {
        switch self {
        case .malformedAction, .badAction, .badLocale, .badPayload, .badSessionID: .badRequest
        case .sessionExpired: .notAllowed
        }
    }
}
