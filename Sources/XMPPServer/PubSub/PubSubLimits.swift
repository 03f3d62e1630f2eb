/// How much may be kept at the nodes of one owner, and how much is known of those who listen.
package struct PubSubLimits: Hashable, Sendable {
    /// Nodes of one account.
    package var nodesPerAccount: Int
    /// Nodes of the domain's feeds.
    package var feeds: Int
    /// Feeds that one person may make.
    package var feedsPerCreator: Int
    /// Items of a node: the most that its owner may configure, and what `max` means.
    package var itemsPerNode: Int
    /// Bytes of one item's payload, as XML.
    package var itemBytes: Int
    /// What all items of one owner may cost in memory, in bytes: their XML and ``elementCost`` for each of its parts.
    package var bytesPerOwner: Int
    /// Subscriptions of a node, and affiliations of one.
    package var subscriptionsPerNode: Int
    /// Subscriptions of one person (bare JID) at one owner's nodes.
    package var subscriptionsPerSubscriber: Int
    /// Bytes of the name of a node or an item.
    package var nameBytes: Int
    /// Bytes of items in one answer; the rest is asked for page by page.
    package var answerBytes: Int
    /// Hashes of entity capabilities that are remembered with what lies behind them.
    package var capabilities: Int
    /// Nodes of interest that are remembered for one such hash.
    package var interests: Int
    /// Clients whose capabilities are known for one account: its own and its contacts'.
    package var listenersPerAccount: Int
    /// Questions for what lies behind a hash that wait for an answer.
    package var pendingQuestions: Int

    /// What one element, attribute or text costs beside its characters.
    package static let elementCost = 128

    package init(
        nodesPerAccount: Int = 64, feeds: Int = 1_000, feedsPerCreator: Int = 16, itemsPerNode: Int = 256,
        itemBytes: Int = 131_072, bytesPerOwner: Int = 2_097_152, subscriptionsPerNode: Int = 5_000,
        subscriptionsPerSubscriber: Int = 100, nameBytes: Int = 1_023, answerBytes: Int = 262_144,
        capabilities: Int = 1_000, interests: Int = 100, listenersPerAccount: Int = 1_000,
        pendingQuestions: Int = 500
    ) {
        self.nodesPerAccount = nodesPerAccount
        self.feeds = feeds
        self.feedsPerCreator = feedsPerCreator
        self.itemsPerNode = itemsPerNode
        self.itemBytes = itemBytes
        self.bytesPerOwner = bytesPerOwner
        self.subscriptionsPerNode = subscriptionsPerNode
        self.subscriptionsPerSubscriber = subscriptionsPerSubscriber
        self.nameBytes = nameBytes
        self.answerBytes = answerBytes
        self.capabilities = capabilities
        self.interests = interests
        self.listenersPerAccount = listenersPerAccount
        self.pendingQuestions = pendingQuestions
    }
}
