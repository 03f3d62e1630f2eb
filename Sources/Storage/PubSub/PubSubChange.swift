/// One thing that changes at the nodes of an owner.
package enum PubSubChange: Hashable, Sendable {
    /// Makes the node or replaces its configuration.
    case configure(node: String, [String: [String]])
    /// Says who made the node, a bare JID: what is in it counts as his.
    case credit(node: String, creator: String)
    case delete(node: String)
    /// Nil takes the affiliation away.
    case affiliate(node: String, address: String, String?)
    /// Nil ends the subscription.
    case subscribe(node: String, address: String, isDelivering: Bool?)
    /// Becomes the latest, in place of one with the same id.
    case publish(node: String, StoredPubSubNode.Item)
    case retract(node: String, id: String)
    case purge(node: String)
}
