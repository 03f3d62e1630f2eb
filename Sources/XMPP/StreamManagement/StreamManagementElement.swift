package import XML

/// The elements of stream management (XEP-0198); none of them is a stanza, and none is counted.
package enum StreamManagementElement: Hashable, Sendable {
    /// The terms on which a server enabled stream management (XEP-0198 §3).
    package struct Terms: Hashable, Sendable {
        /// Names the stream to whoever wants to resume it; nil if it cannot be resumed.
        package var token: String?
        /// How long the server keeps the stream after the connection broke, in seconds; nil if it does not say.
        package var resumptionTime: UInt32?
        /// Where the server would like the client to come back to: `host:port`.
        package var location: String?

        package init(token: String? = nil, resumptionTime: UInt32? = nil, location: String? = nil) {
            self.token = token
            self.resumptionTime = resumptionTime
            self.location = location
        }
    }

    /// `resumptionTime` in seconds is the client's wish.
    case enable(isResumable: Bool, resumptionTime: UInt32?)
    case enabled(Terms)
    /// `handled` counts what the one who sends it has received and taken responsibility for.
    case resume(token: String, handled: UInt32)
    case resumed(token: String, handled: UInt32)
    /// `handled` may be there when a stream could not be resumed that was known once.
    case failed(StanzaError.Condition, handled: UInt32?)
    case request
    case answer(handled: UInt32)
}

extension StreamManagementElement {
    /// The longest token that is kept: what XEP-0198 §5 asks servers not to exceed.
    package static let longestToken = 4_000

    package static func matches(_ element: Element) -> Bool {
        element.namespace == Namespace.streamManagement
    }

    /// Whether it says what has been handled.
    package static func isAnswer(_ element: Element) -> Bool {
        element.matches("a", Namespace.streamManagement)
    }

    /// Reads an element of the namespace of stream management.
    package init(parsing element: Element) throws(PayloadError) {
        switch element.name {
        case "enable":
            self = .enable(
                isResumable: try Self.flag("resume", of: element),
                resumptionTime: try Self.number("max", of: element))
        case "enabled": self = .enabled(try Self.terms(element))
        case "resume":
            self = .resume(token: try element.requiredAttribute("previd"), handled: try Self.count(element))
        case "resumed":
            self = .resumed(token: try element.requiredAttribute("previd"), handled: try Self.count(element))
        case "failed": self = .failed(Self.condition(element), handled: try Self.number("h", of: element))
        case "r": self = .request
        case "a": self = .answer(handled: try Self.count(element))
        default: throw PayloadError("<\(element.name)/> is no element of stream management")
        }
    }

    package var element: Element {
        switch self {
        case .enable(let isResumable, let time):
            Self.make("enable", ["max": time.map(String.init), "resume": isResumable ? "true" : nil])
        case .enabled(let terms):
            Self.make(
                "enabled",
                [
                    "id": terms.token, "location": terms.location,
                    "max": terms.resumptionTime.map(String.init),
                    "resume": terms.token == nil ? nil : "true",
                ])
        case .resume(let token, let handled):
            Self.make("resume", ["h": String(handled), "previd": token])
        case .resumed(let token, let handled):
            Self.make("resumed", ["h": String(handled), "previd": token])
        case .failed(let condition, let handled):
            Self.make(
                "failed", ["h": handled.map(String.init)],
                [Element(condition.rawValue, namespace: Namespace.stanzaErrors)])
        case .request: Self.make("r", [:])
        case .answer(let handled): Self.make("a", ["h": String(handled)])
        }
    }

    private static func make(
        _ name: String, _ attributes: KeyValuePairs<String, String?>, _ children: [Element] = []
    ) -> Element {
        Element(name, namespace: Namespace.streamManagement, attributes, children)
    }

    /// A server that says `resume` must name the stream (XEP-0198 §5): one that does not cannot be held to it.
    private static func terms(_ element: Element) throws(PayloadError) -> Terms {
        let token = try Self.flag("resume", of: element) ? element[attribute: "id"] : nil
        return Terms(
            token: token.flatMap { $0.utf8.count <= Self.longestToken ? $0 : nil },
            resumptionTime: try Self.number("max", of: element), location: element[attribute: "location"])
    }

    private static func count(_ element: Element) throws(PayloadError) -> UInt32 {
        guard let count = try Self.number("h", of: element) else {
            throw PayloadError("<\(element.name)/> needs the attribute 'h'")
        }
        return count
    }

    private static func number(_ name: String, of element: Element) throws(PayloadError) -> UInt32? {
        guard let text = element[attribute: name] else { return nil }
        guard let number = UInt32(text) else {
            throw PayloadError("'\(name)' of <\(element.name)/> is no number below 2^32")
        }
        return number
    }

    private static func flag(_ name: String, of element: Element) throws(PayloadError) -> Bool {
        switch element[attribute: name] {
        case nil, "false", "0": return false
        case "true", "1": return true
        case .some: throw PayloadError("'\(name)' of <\(element.name)/> is neither true nor false")
        }
    }

    private static func condition(_ element: Element) -> StanzaError.Condition {
        element.elements.lazy.filter { $0.namespace == Namespace.stanzaErrors }
            .compactMap { StanzaError.Condition(rawValue: $0.name) }.first ?? .undefinedCondition
    }
}
