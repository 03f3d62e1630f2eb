package import XML

/// Says that a message takes the place of an earlier one (XEP-0308 §3).
package struct Correction: Payload {
    package static let elementName = "replace"
    package static let namespace = Namespace.correction

    /// The id of the message as it was first sent, however often it has been corrected since (§4).
    package var original: String

    package init(of original: String) {
        self.original = original
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.original = try element.requiredAttribute("id")
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, ["id": self.original])
    }
}
