package import CloudModel
package import XML
package import XMPP

/// One node: how it is configured, who has to do with it, and what is published there.
package struct PubSubNode: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package let id: String
        /// The full or bare JID that published it.
        package let publisher: JID
        package let publishedAt: Instant
        /// Nil for a mere notification.
        package let payload: Element?
        /// What it costs in memory, in bytes.
        package let cost: Int
    }

    /// The bare JID of whoever made it, as whose it is counted; nil for the owner of the service.
    package internal(set) var creator: JID?
    package internal(set) var configuration: PubSubConfiguration
    /// By bare JID, other than `none`.
    package internal(set) var affiliations: [JID: PubSubAffiliation] = [:]
    /// By the JID that subscribed, whether it is told of what happens.
    package internal(set) var subscriptions: [JID: Bool] = [:]
    /// In the order in which they were published; a node that does not keep items has its last here.
    package internal(set) var items: [Item] = [] {
        didSet { self.cost = self.items.reduce(0) { $0 + $1.cost } }
    }
    /// What the items cost in memory, in bytes.
    package private(set) var cost = 0

    package init(configuration: PubSubConfiguration) {
        self.configuration = configuration
    }

    /// Those who are affiliated as owners, by address.
    var owners: [JID] { self.affiliations.filter { $0.value == .owner }.keys.sorted() }

    /// Puts an item at the end, in place of one with its id; the ids of those that had to make room.
    mutating func publish(_ item: Item) -> [String] {
        self.items.removeAll { $0.id == item.id }
        self.items.append(item)
        let kept = self.configuration.persistsItems ? self.configuration.mostItems : 1
        let displaced = self.items.prefix(max(0, self.items.count - kept)).map(\.id)
        self.items.removeFirst(displaced.count)
        return displaced
    }
}
