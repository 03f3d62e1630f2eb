package import XML

/// Asks whether somebody is there; the answer is an empty result (XEP-0199).
package struct Ping: Payload {
    package static let elementName = "ping"
    package static let namespace = Namespace.ping

    package init() {}

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace)
    }
}
