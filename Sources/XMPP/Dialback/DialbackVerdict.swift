import XML

/// What a dialback element says: a key to check, or what came of checking it (XEP-0220 §2).
package enum DialbackVerdict: Hashable, Sendable {
    case key(String)
    case valid
    case invalid
    case error(StanzaError)
}

extension DialbackVerdict {
    init(parsing element: Element) throws(PayloadError) {
        switch element[attribute: "type"] {
        case nil:
            guard !element.text.isEmpty else { throw PayloadError("<db:\(element.name)/> holds no key") }
            self = .key(element.text)
        case "valid": self = .valid
        case "invalid": self = .invalid
        case "error":
            let error = element.elements.first { $0.name == "error" }
            self = .error(error.map(StanzaError.init(parsing:)) ?? StanzaError(.undefinedCondition))
        case .some: throw PayloadError("<db:\(element.name)/> has an unknown type")
        }
    }

    /// A dialback element with this verdict; `id` only for verification.
    func element(_ name: String, from: JID, to: JID, id: String?) -> Element {
        var element = Element(
            name, namespace: Namespace.dialback,
            ["from": from.description, "to": to.description, "id": id])
        switch self {
        case .key(let key): element.children = [.text(key)]
        case .valid: element[attribute: "type"] = "valid"
        case .invalid: element[attribute: "type"] = "invalid"
        case .error(let error):
            element[attribute: "type"] = "error"
            // Dialback is spoken between servers only, so the error is in their namespace.
            var child = error.element
            child.namespace = Namespace.server
            element.append(child)
        }
        return element
    }
}
