/// How much may be kept at the nodes of one owner, and how much is known of those who listen.
package struct PubSubLimits: Hashable, Sendable {
    /// Nodes of one account.
    package var nodesPerAccount: Int
    /// Nodes of the domain's feeds.
    package var feeds: Int
    /// How many of `feeds` are free for the domain's own service, whatever people make.
    package var feedsReserved: Int
    /// Feeds that one person may make.
    package var feedsPerCreator: Int
    /// Items of a node: the most that its owner may configure, and what `max` means.
    package var itemsPerNode: Int
    /// Bytes of one item's payload, as XML.
    package var itemBytes: Int
    /// What all items at the nodes of one account, or at the feeds one person made, may cost in memory, in bytes: their
    /// XML and ``elementCost`` for each of its parts.
    package var bytesPerOwner: Int
    /// The same of all feeds together.
    package var feedBytes: Int
    /// How many of `feedBytes` are free for the feeds of the domain's own service, whatever people publish.
    package var feedBytesReserved: Int
    /// Subscriptions of a node, and affiliations of one.
    package var subscriptionsPerNode: Int
    /// Subscriptions of one person (bare JID) at one owner's nodes.
    package var subscriptionsPerSubscriber: Int
    /// Bytes of the name of a node or an item.
    package var nameBytes: Int
    /// Bytes of items in one answer; the rest is asked for page by page.
    package var answerBytes: Int
    /// Requests of one person (bare JID) that change something, publishing included; the domain's own service may
    /// change its feeds as often as it likes.
    package var changes: FloodGate.Rate
    /// People whose rate of changes is kept count of at a time.
    package var watchedPublishers: Int
    /// Hashes of entity capabilities that are remembered with what lies behind them.
    ///
    /// Beyond it, the oldest goes that no client has now; if all are in use, one of the account through whose clients
    /// the most came.
    package var capabilities: Int
    /// Nodes of interest that are remembered for one such hash.
    package var interests: Int
    /// Clients of contacts whose capabilities are known for one account; its own come on top.
    package var listenersPerAccount: Int
    /// Clients of one contact among them.
    package var listenersPerContact: Int
    /// Questions for what lies behind a hash that wait for an answer.
    package var pendingQuestions: Int

    /// What one element, attribute or text costs beside its characters.
    package static let elementCost = 128

    package init(
        nodesPerAccount: Int = 64, feeds: Int = 1_000, feedsReserved: Int = 100, feedsPerCreator: Int = 16,
        itemsPerNode: Int = 256, itemBytes: Int = 131_072, bytesPerOwner: Int = 2_097_152,
        feedBytes: Int = 67_108_864, feedBytesReserved: Int = 16_777_216, subscriptionsPerNode: Int = 5_000,
        subscriptionsPerSubscriber: Int = 100, nameBytes: Int = 1_023, answerBytes: Int = 262_144,
        changes: FloodGate.Rate = FloodGate.Rate(burst: 60, every: .milliseconds(100)),
        watchedPublishers: Int = 10_000, capabilities: Int = 1_000, interests: Int = 100,
        listenersPerAccount: Int = 1_000, listenersPerContact: Int = 10, pendingQuestions: Int = 500
    ) {
        self.nodesPerAccount = nodesPerAccount
        self.feeds = feeds
        self.feedsReserved = feedsReserved
        self.feedsPerCreator = feedsPerCreator
        self.itemsPerNode = itemsPerNode
        self.itemBytes = itemBytes
        self.bytesPerOwner = bytesPerOwner
        self.feedBytes = feedBytes
        self.feedBytesReserved = feedBytesReserved
        self.subscriptionsPerNode = subscriptionsPerNode
        self.subscriptionsPerSubscriber = subscriptionsPerSubscriber
        self.nameBytes = nameBytes
        self.answerBytes = answerBytes
        self.changes = changes
        self.watchedPublishers = watchedPublishers
        self.capabilities = capabilities
        self.interests = interests
        self.listenersPerAccount = listenersPerAccount
        self.listenersPerContact = listenersPerContact
        self.pendingQuestions = pendingQuestions
    }
}
