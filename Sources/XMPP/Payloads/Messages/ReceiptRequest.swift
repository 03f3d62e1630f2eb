package import XML

/// Asks the recipient of a message to say that it arrived (XEP-0184).
package struct ReceiptRequest: Payload {
    package static let elementName = "request"
    package static let namespace = Namespace.receipts

    package init() {}

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace)
    }
}
