package import XML

/// Says that a message arrived (XEP-0184).
package struct ReceiptReceived: Payload {
    package static let elementName = "received"
    package static let namespace = Namespace.receipts

    /// The id of the message that arrived.
    package var id: String

    package init(id: String) {
        self.id = id
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.id = try element.requiredAttribute("id")
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, ["id": self.id])
    }
}

extension Message {
    /// The receipt to send back, if this message asks for one and may be answered (XEP-0184 §5.3, §5.5).
    package var receipt: Message? {
        guard let id, let from, self.kind != .error, self.kind != .groupchat,
            self.payloads.contains(where: ReceiptRequest.matches),
            !self.payloads.contains(where: ReceiptReceived.matches)
        else { return nil }
        return Message(
            to: from, from: self.to, kind: self.kind, payloads: [ReceiptReceived(id: id).element])
    }
}
