import XML

/// Who is subscribed to what, and how far that has come (XEP-0060 §4.2).
package struct PubSubSubscription: Hashable, Sendable {
    package enum State: String, Hashable, Sendable, CaseIterable {
        case none
        /// Waits for an owner's word.
        case pending
        case subscribed
        case unconfigured
    }

    package var node: String?
    package var address: JID?
    /// Nil if a change names none.
    package var state: State?

    package init(node: String? = nil, address: JID? = nil, state: State?) {
        self.node = node
        self.address = address
        self.state = state
    }

    init(parsing element: Element) throws(PayloadError) {
        self.node = element[attribute: "node"]
        self.address = try element.address("jid")
        guard let text = element[attribute: "subscription"] else { return }
        guard let state = State(rawValue: text) else {
            throw PayloadError("'\(text)' is no state of a subscription")
        }
        self.state = state
    }

    func element(in namespace: String) -> Element {
        Element(
            "subscription", namespace: namespace,
            [
                "node": self.node, "jid": self.address?.description,
                "subscription": self.state?.rawValue,
            ])
    }
}
