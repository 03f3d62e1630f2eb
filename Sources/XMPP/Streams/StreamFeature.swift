package import XML

/// One thing a server offers in `<stream:features/>` (RFC 6120 §4.3.2).
package enum StreamFeature: Hashable, Sendable {
    /// STARTTLS (RFC 6120 §5.4.1).
    case startTLS(isRequired: Bool)
    /// SASL mechanisms by name, best first (RFC 6120 §6.4.1); names we do not know are kept.
    case mechanisms([String])
    /// Types of channel binding the server can do (XEP-0440); names we do not know are kept.
    case channelBindings([String])
    /// Resource binding (RFC 6120 §7.4).
    case bind
    /// The session of RFC 3921, which old clients insist on.
    case session(isOptional: Bool)
    /// Server dialback (XEP-0220 §2.2), with or without dialback errors.
    case dialback(hasErrors: Bool)
    /// Roster versioning (RFC 6121 §2.6.1).
    case rosterVersioning
    /// Subscription pre-approval (RFC 6121 §3.4.1).
    case preApproval
    /// The stream is used in both directions (XEP-0288).
    case bidirectional
    /// Stream management (XEP-0198).
    case streamManagement
    /// Client state indication (XEP-0352).
    case clientState
    /// What the server can do, by hash (XEP-0115 §6.3).
    case capabilities(EntityCapabilities)
    /// What the server takes at most (XEP-0478).
    case limits(StreamLimits)
    /// Something we do not know, kept as it came.
    case unknown(Element)
}

extension StreamFeature {
    /// Reads a child of `<stream:features/>`; what is not understood is `unknown`.
    package init(parsing element: Element) {
        switch (element.name, element.namespace) {
        case ("starttls", Namespace.tls):
            self = .startTLS(isRequired: element.child("required") != nil)
        case ("mechanisms", Namespace.sasl):
            self = .mechanisms(element.children("mechanism").map(\.text))
        case ("sasl-channel-binding", Namespace.channelBinding):
            self = .channelBindings(
                element.children("channel-binding").compactMap { $0[attribute: "type"] })
        case ("bind", Namespace.bind): self = .bind
        case ("session", Namespace.session):
            self = .session(isOptional: element.child("optional") != nil)
        case ("dialback", Namespace.dialbackFeature):
            self = .dialback(hasErrors: element.child("errors") != nil)
        case ("ver", Namespace.rosterVersioning): self = .rosterVersioning
        case ("sub", Namespace.preApproval): self = .preApproval
        case ("bidi", Namespace.bidirectionalFeature): self = .bidirectional
        case ("sm", Namespace.streamManagement): self = .streamManagement
        case ("csi", Namespace.clientState): self = .clientState
        case (EntityCapabilities.elementName, Namespace.capabilities): self = Self.capabilities(in: element)
        case ("limits", Namespace.streamLimits): self = .limits(StreamLimits(parsing: element))
        default: self = .unknown(element)
        }
    }

    package var element: Element {
        switch self {
        case .startTLS(let isRequired):
            Self.flagged("starttls", Namespace.tls, isRequired ? "required" : nil)
        case .mechanisms(let names):
            Element(
                "mechanisms", namespace: Namespace.sasl, [:],
                names.map { Element("mechanism", namespace: Namespace.sasl, text: $0) })
        case .channelBindings(let types):
            Element(
                "sasl-channel-binding", namespace: Namespace.channelBinding, [:],
                types.map { Element("channel-binding", namespace: Namespace.channelBinding, ["type": $0]) })
        case .bind: Element("bind", namespace: Namespace.bind)
        case .session(let isOptional):
            Self.flagged("session", Namespace.session, isOptional ? "optional" : nil)
        case .dialback(let hasErrors):
            Self.flagged("dialback", Namespace.dialbackFeature, hasErrors ? "errors" : nil)
        case .rosterVersioning: Element("ver", namespace: Namespace.rosterVersioning)
        case .preApproval: Element("sub", namespace: Namespace.preApproval)
        case .bidirectional: Element("bidi", namespace: Namespace.bidirectionalFeature)
        case .streamManagement: Element("sm", namespace: Namespace.streamManagement)
        case .clientState: Element("csi", namespace: Namespace.clientState)
        case .capabilities(let capabilities): capabilities.element
        case .limits(let limits): limits.element
        case .unknown(let element): element
        }
    }

    private static func capabilities(in element: Element) -> Self {
        do {
            return .capabilities(try EntityCapabilities(parsing: element))
        } catch {
            // The form before version 1.4 has no hash.
            return .unknown(element)
        }
    }

    private static func flagged(_ name: String, _ namespace: String, _ flag: String?) -> Element {
        Element(name, namespace: namespace, [:], flag.map { [Element($0, namespace: namespace)] } ?? [])
    }
}
