package import XML

/// When a stanza that was kept was first sent (XEP-0203).
package struct Delay: Payload {
    package static let elementName = "delay"
    package static let namespace = Namespace.delay

    package var time: DateTime
    /// Who kept it.
    package var from: JID?
    package var reason: String?

    package init(time: DateTime, from: JID? = nil, reason: String? = nil) {
        self.time = time
        self.from = from
        self.reason = reason
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        guard let time = DateTime(try element.requiredAttribute("stamp")) else {
            throw PayloadError("the stamp of <delay/> is no time as XEP-0082 writes it")
        }
        self.time = time
        self.from = try element.address("from")
        self.reason = element.text.isEmpty ? nil : element.text
    }

    package var element: Element {
        var element = Element(Self.elementName, namespace: Self.namespace, text: self.reason ?? "")
        element[attribute: "from"] = self.from?.description
        element[attribute: "stamp"] = self.time.description
        return element
    }
}
