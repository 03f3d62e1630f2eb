package import XML

/// Asks for copies of what one's other clients send and get (XEP-0280 §4).
package struct EnableCarbons: Payload {
    package static let elementName = "enable"
    package static let namespace = Namespace.carbons

    package init() {}

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
    }

    package var element: Element { Element(Self.elementName, namespace: Self.namespace) }
}
