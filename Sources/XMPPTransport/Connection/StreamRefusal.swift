import XMPP

/// Why a stream that was opened to us is turned away, for the log.
struct StreamRefusal: Hashable, Sendable {
    var message = "a stream is refused"
    let condition: StreamError.Condition
    /// What somebody else said may be in it: to be escaped.
    let reason: String
    /// Whom the peer called itself, where that is known.
    var domain: String?

    init(_ condition: StreamError.Condition, _ reason: String) {
        self.condition = condition
        self.reason = reason
    }

    /// What there is to say about the end of a stream; nil if the peer did nothing wrong.
    ///
    /// - Parameters:
    ///   - error: what broke the connection, if that was this side.
    ///   - isSettled: whether the peer has done what it came for: proved who it is, as a client bound a resource too.
    ///   - isStanzaUnfinished: whether it has begun a stanza and not finished it.
    ///   - failure: in what it failed before it had proved who it is.
    init?(
        _ end: StreamEnd, because error: (any Error)?, isSettled: Bool, isStanzaUnfinished: Bool,
        failure: String?
    ) {
        switch end {
        case .closedHere(let error?) where error.isRefusal(isSettled: isSettled && !isStanzaUnfinished):
            self.init(error.condition, error.text ?? "")
            return
        case .lost:
            if let error = error as? StreamError {
                self.init(error.condition, error.text ?? "")
                return
            }
            if let error = error as? TLSError, !isSettled {
                self.init(.notAuthorized, "no TLS: \(error)")
                return
            }
        case .closedHere, .closedByPeer, .refusedByPeer: break
        }
        guard !isSettled, let failure else { return nil }
        self.init(.notAuthorized, failure)
    }
}

extension StreamError {
    /// Whether the error says that the peer did something it should not.
    fileprivate func isRefusal(isSettled: Bool) -> Bool {
        switch self.condition {
        // Somebody who is simply not there any more is no news.
        case .connectionTimeout: !isSettled
        case .conflict, .hostGone, .internalServerError, .remoteConnectionFailed, .reset, .seeOtherHost,
            .systemShutdown:
            false
        case .badFormat, .badNamespacePrefix, .hostUnknown, .improperAddressing, .invalidFrom,
            .invalidNamespace, .invalidXML, .notAuthorized, .notWellFormed, .policyViolation,
            .resourceConstraint, .restrictedXML, .undefinedCondition, .unsupportedEncoding,
            .unsupportedFeature, .unsupportedStanzaType, .unsupportedVersion:
            true
        }
    }
}
