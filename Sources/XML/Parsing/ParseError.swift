/// Why bytes are not the XML that a stream may carry; the parser that met it is finished.
package enum ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The parts of XML that RFC 6120 §11.1 keeps out of streams.
    package enum Restriction: String, Hashable, Sendable, CaseIterable {
        case comment = "a comment"
        case processingInstruction = "a processing instruction"
        case documentType = "a document type declaration"
        case entityReference = "a reference to an entity that XML does not predefine"
        case xmlDeclaration = "an XML declaration after the beginning"
    }

    case restricted(Restriction)
    /// Declared or detected as something else than UTF-8, or UTF-8 against its rules.
    case unsupportedEncoding
    /// Not well-formed; the number is libxml2's (`xmlParserErrors`).
    case notWellFormed(code: Int)
    /// A prefix that is not declared, or a declaration that the namespaces recommendation forbids.
    case badNamespacePrefix
    /// More than the limits allow; the number is the limit.
    case limitExceeded(XMLLimits.Kind, Int)
    /// Characters other than white space directly inside the stream's root.
    case textBetweenStanzas
    /// The document ended before its root did.
    case incomplete

    /// The stream error condition to close with (RFC 6120 §4.9.3), its element name.
    package var streamErrorCondition: String {
        switch self {
        case .restricted: "restricted-xml"
        case .unsupportedEncoding: "unsupported-encoding"
        case .notWellFormed, .incomplete: "not-well-formed"
        case .badNamespacePrefix: "bad-namespace-prefix"
        case .limitExceeded: "policy-violation"
        case .textBetweenStanzas: "bad-format"
        }
    }

    /// One sentence fit to be sent to the peer beside the condition.
    package var description: String {
        switch self {
        case .restricted(let restriction):
            "\(restriction.rawValue) is not allowed here"
        case .unsupportedEncoding:
            "the bytes are not UTF-8, the only encoding allowed"
        case .notWellFormed(let code):
            "the XML is not well-formed (libxml2 error \(code))"
        case .badNamespacePrefix:
            "a namespace prefix is not declared, or declared against the rules"
        case .limitExceeded(let kind, let limit):
            "the limit of \(limit) \(kind.rawValue) is exceeded"
        case .textBetweenStanzas:
            "there is text between the stanzas"
        case .incomplete:
            "the document ends before its root element does"
        }
    }
}
