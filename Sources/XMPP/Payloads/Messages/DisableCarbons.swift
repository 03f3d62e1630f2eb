package import XML

/// Asks for no more such copies (XEP-0280 §5).
package struct DisableCarbons: Payload {
    package static let elementName = "disable"
    package static let namespace = Namespace.carbons

    package init() {}

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
    }

    package var element: Element { Element(Self.elementName, namespace: Self.namespace) }
}
