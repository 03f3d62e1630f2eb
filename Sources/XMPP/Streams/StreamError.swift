package import XML

/// A stream error (RFC 6120 §4.9): the last thing one side says before it closes the stream.
package struct StreamError: Error, Hashable, Sendable {
    /// The conditions of RFC 6120 §4.9.3.
    package enum Condition: String, Hashable, Sendable, CaseIterable {
        case badFormat = "bad-format"
        case badNamespacePrefix = "bad-namespace-prefix"
        case conflict
        case connectionTimeout = "connection-timeout"
        case hostGone = "host-gone"
        case hostUnknown = "host-unknown"
        case improperAddressing = "improper-addressing"
        case internalServerError = "internal-server-error"
        case invalidFrom = "invalid-from"
        case invalidNamespace = "invalid-namespace"
        case invalidXML = "invalid-xml"
        case notAuthorized = "not-authorized"
        case notWellFormed = "not-well-formed"
        case policyViolation = "policy-violation"
        case remoteConnectionFailed = "remote-connection-failed"
        case reset
        case resourceConstraint = "resource-constraint"
        case restrictedXML = "restricted-xml"
        case seeOtherHost = "see-other-host"
        case systemShutdown = "system-shutdown"
        case undefinedCondition = "undefined-condition"
        case unsupportedEncoding = "unsupported-encoding"
        case unsupportedFeature = "unsupported-feature"
        case unsupportedStanzaType = "unsupported-stanza-type"
        case unsupportedVersion = "unsupported-version"
    }

    package var condition: Condition
    package var text: String?
    /// Where to connect instead: only with `see-other-host` (RFC 6120 §4.9.3.19).
    package var otherHost: String?
    /// An application-specific condition in a namespace of its own (RFC 6120 §4.9.4).
    package var detail: Element?

    package init(
        _ condition: Condition, text: String? = nil, otherHost: String? = nil, detail: Element? = nil
    ) {
        self.condition = condition
        self.text = text
        self.otherHost = otherHost
        self.detail = detail
    }
}

extension StreamError {
    package static func matches(_ element: Element) -> Bool {
        element.matches("error", Namespace.streams)
    }

    /// Reads a `<stream:error/>`, however incomplete: an unknown condition becomes `undefined-condition`.
    package init(parsing element: Element) {
        self.init(.undefinedCondition)
        for child in element.elements {
            if child.matches("text", Namespace.streamErrors) {
                self.text = self.text ?? child.text
            } else if child.namespace == Namespace.streamErrors {
                self.condition = Condition(rawValue: child.name) ?? self.condition
                if case .seeOtherHost = self.condition { self.otherHost = child.text }
            } else {
                self.detail = self.detail ?? child
            }
        }
    }

    package var element: Element {
        var children = [
            Element(self.condition.rawValue, namespace: Namespace.streamErrors, text: self.otherHost ?? "")
        ]
        if let text {
            children.append(Element("text", namespace: Namespace.streamErrors, text: text))
        }
        if let detail { children.append(detail) }
        return Element("error", namespace: Namespace.streams, [:], children)
    }
}

extension StanzaParseFailure {
    /// The error to close the stream with; nil if the stream goes on.
    package var streamError: StreamError? {
        switch self {
        case .notAStanza: StreamError(.unsupportedStanzaType)
        case .malformedSender: StreamError(.invalidFrom)
        case .malformed: nil
        }
    }
}
