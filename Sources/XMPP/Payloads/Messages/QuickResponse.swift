package import XML

/// One of the answers that a message suggests, for clients that show buttons (XEP-0439 §4.1).
///
/// The body of the message must name them too, for everybody else (§6).
package struct QuickResponse: Payload {
    package static let elementName = "response"
    package static let namespace = Namespace.quickResponses

    /// What the client sends as a body of its own if it is chosen.
    package var value: String
    /// What the button says; nil for the value.
    package var label: String?

    package init(value: String, label: String? = nil) {
        self.value = value
        self.label = label
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.value = try element.requiredAttribute("value")
        self.label = element[attribute: "label"]
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["value": self.value, "label": self.label])
    }
}
