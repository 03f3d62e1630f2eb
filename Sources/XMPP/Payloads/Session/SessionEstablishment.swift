package import XML

/// What clients from before RFC 6120 ask for after binding; the answer is an empty result (RFC 3921 §3).
package struct SessionEstablishment: Payload {
    package static let elementName = "session"
    package static let namespace = Namespace.session

    package init() {}

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace)
    }
}
