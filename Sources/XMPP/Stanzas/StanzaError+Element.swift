package import XML

extension StanzaError {
    /// Whether `element` is the `<error/>` child of a stanza, in the namespace used inside the process.
    package static func matches(_ element: Element) -> Bool {
        element.matches("error", Namespace.client)
    }

    /// Reads an `<error/>` (RFC 6120 §8.3.2), however incomplete: it is an answer and cannot be refused.
    ///
    /// An unknown type becomes the usual one of the condition, an unknown or missing condition
    /// `undefined-condition`.
    package init(parsing element: Element) {
        var condition = Condition.undefinedCondition
        var text: String?
        var newAddress: String?
        var detail: Element?
        for child in element.elements {
            if child.matches("text", Namespace.stanzaErrors) {
                text = text ?? child.text
            } else if child.namespace == Namespace.stanzaErrors {
                condition = Condition(rawValue: child.name) ?? condition
                newAddress = child.text.isEmpty ? nil : child.text
            } else {
                detail = detail ?? child
            }
        }
        self.init(
            condition, kind: element[attribute: "type"].flatMap(Kind.init(rawValue:)), text: text,
            detail: detail)
        switch condition {
        case .gone, .redirect: self.newAddress = newAddress
        default: break
        }
    }

    /// The `<error/>` child, in the namespace used inside the process.
    package var element: Element {
        var children = [
            Element(self.condition.rawValue, namespace: Namespace.stanzaErrors, text: self.newAddress ?? "")
        ]
        if let text {
            children.append(Element("text", namespace: Namespace.stanzaErrors, text: text))
        }
        if let detail { children.append(detail) }
        return Element("error", namespace: Namespace.client, ["type": self.kind.rawValue], children)
    }
}

extension Message {
    /// What went wrong, if this message is an error.
    package var error: StanzaError? {
        self.kind == .error
            ? self.payloads.first(where: StanzaError.matches).map(StanzaError.init(parsing:)) : nil
    }
}

extension Presence {
    /// What went wrong, if this presence is an error.
    package var error: StanzaError? {
        self.kind == .error
            ? self.payloads.first(where: StanzaError.matches).map(StanzaError.init(parsing:)) : nil
    }
}
