import Cryptography
package import XML

/// The elements that carry SASL over a stream (RFC 6120 §6.4), their bytes out of base64.
package enum SASLElement: Hashable, Sendable {
    /// The mechanism by name and what the client says first; nil if it waits to be asked.
    case auth(mechanism: String, initialResponse: [UInt8]?)
    case challenge([UInt8])
    case response([UInt8])
    /// With the last word of the server, if the mechanism has one.
    case success([UInt8]?)
    case failure(SASLFailure)
    case abort
}

extension SASLElement {
    package static func matches(_ element: Element) -> Bool {
        element.namespace == Namespace.sasl
    }

    /// Reads an element of the SASL namespace; throws what to answer if it cannot be read.
    package init(parsing element: Element) throws(SASLFailure) {
        switch element.name {
        case "auth":
            guard let mechanism = element[attribute: "mechanism"] else {
                throw SASLFailure(.invalidMechanism, text: "no mechanism is named")
            }
            self = .auth(mechanism: mechanism, initialResponse: try Self.optionalBytes(element))
        case "challenge": self = .challenge(try Self.optionalBytes(element) ?? [])
        case "response": self = .response(try Self.optionalBytes(element) ?? [])
        case "success": self = .success(try Self.optionalBytes(element))
        case "failure": self = .failure(Self.failure(element))
        case "abort": self = .abort
        default: throw SASLFailure(.malformedRequest, text: "<\(element.name)/> is no SASL element")
        }
    }

    package var element: Element {
        switch self {
        case .auth(let mechanism, let bytes):
            var element = Self.carrier("auth", bytes)
            element[attribute: "mechanism"] = mechanism
            return element
        case .challenge(let bytes): return Self.carrier("challenge", bytes.isEmpty ? nil : bytes)
        case .response(let bytes): return Self.carrier("response", bytes.isEmpty ? nil : bytes)
        case .success(let bytes): return Self.carrier("success", bytes)
        case .failure(let failure):
            var children = [Element(failure.condition.rawValue, namespace: Namespace.sasl)]
            if let text = failure.text {
                children.append(Element("text", namespace: Namespace.sasl, text: text))
            }
            return Element("failure", namespace: Namespace.sasl, [:], children)
        case .abort: return Element("abort", namespace: Namespace.sasl)
        }
    }

    private static func carrier(_ name: String, _ bytes: [UInt8]?) -> Element {
        // `=` stands for "no bytes", told apart from "nothing said" (RFC 6120 §6.4.2).
        let text = bytes.map { $0.isEmpty ? "=" : Base64.encode($0) } ?? ""
        return Element(name, namespace: Namespace.sasl, text: text)
    }

    private static func optionalBytes(_ element: Element) throws(SASLFailure) -> [UInt8]? {
        let text = element.text
        if text.isEmpty { return nil }
        if text == "=" { return [] }
        guard let bytes = Base64.decode(text) else {
            throw SASLFailure(.incorrectEncoding, text: "<\(element.name)/> does not hold base64")
        }
        return bytes
    }

    /// An unknown condition is `not-authorized`: it is a failure all the same.
    private static func failure(_ element: Element) -> SASLFailure {
        let conditions = element.elements.compactMap { SASLFailure.Condition(rawValue: $0.name) }
        return SASLFailure(conditions.first ?? .notAuthorized, text: element.child("text")?.text)
    }
}
