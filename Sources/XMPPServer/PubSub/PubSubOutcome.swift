package import Storage
package import XML
package import XMPP

/// What a request to a service comes to, once what changes is on disk.
package struct PubSubOutcome: Hashable, Sendable {
    /// The child of the result; nil for an empty one.
    package var answer: Element?
    /// What must be written first, in order.
    package var changes: [PubSubChange] = []
    /// Who is told of what, in order.
    package var notices: [PubSubNotice] = []

    package init(answer: Element? = nil) {
        self.answer = answer
    }
}

/// Something to be told.
package enum PubSubNotice: Hashable, Sendable {
    /// To everybody who listens at the node.
    case event(node: PubSubNode, name: String, PubSubEvent.Content)
    /// To one subscriber, who was told of nothing yet: the last item.
    case lastItem(node: PubSubNode, name: String, JID)
    /// To one person, about his own subscription or affiliation.
    case personal(JID, PubSubEvent.Content)
}
