package import XML

/// One published item (XEP-0060 §4.1), with or without what was published.
package struct PubSubItem: Hashable, Sendable {
    /// Nil where the service is to choose one.
    package var id: String?
    /// Who published it, where the service says so.
    package var publisher: JID?
    /// What was published: one element where the service's rules are kept.
    package var payloads: [Element]

    package init(id: String? = nil, publisher: JID? = nil, payloads: [Element] = []) {
        self.id = id
        self.publisher = publisher
        self.payloads = payloads
    }

    init(parsing element: Element) throws(PayloadError) {
        let id = element[attribute: "id"]
        self.id = id == "" ? nil : id
        self.publisher = try element.address("publisher")
        self.payloads = element.elements
    }

    func element(in namespace: String) -> Element {
        Element(
            "item", namespace: namespace,
            ["id": self.id, "publisher": self.publisher?.description], self.payloads)
    }
}
