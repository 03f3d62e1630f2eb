package import CloudModel
import Federation
package import Logging
import Operations
package import Storage
package import XML
package import XMPP
package import XMPPServer
package import XMPPTransport

/// What a site tells those who subscribe at its own address (XEP-0060): the states of its machines, and what happens to
/// the workloads that it coordinates.
///
/// The node of machines has one item for each machine, its latest state; that of workloads keeps nothing. Subscriptions
/// outlive the process; items are what the agent says after its start. Who may listen is asked of the grants at every
/// request and before every notification, so a grant that is taken back ends the telling at once.
package actor SiteFeeds {
    /// Addresses that may be subscribed to one node, and those of one person at all of them.
    package static let subscriptions = 500
    package static let subscriptionsPerPerson = 10

    /// What any node may be configured to keep, whichever of them this process has: one that keeps nothing has the
    /// usual number in its configuration all the same, and must be read again.
    private static let itemsMost = FeedNode.allCases.map(\.items).reduce(1, max)

    /// Whether an address may listen at a node; to what is about a thing of `owner`, if there is one.
    package typealias Guard = @Sendable (JID, FeedNode, _ owner: String?) -> Bool

    private let address: JID
    private let feeds: [FeedNode]
    private let master: PubSubViewer
    private var service: PubSubService
    /// What is not at its node yet, as nobody listens: most sites' feeds are never read.
    private var unread = UnreadMachines(limit: FeedNode.machines.items)
    private let store: PubSubStore
    private let link: any XMPPLink
    private let mayListen: Guard
    private let now: @Sendable () -> Instant
    private let logger: Logger

    /// Reads who is subscribed.
    ///
    /// - Parameter address: where requests arrive: the domain, or the process of an account.
    /// - Parameter feeds: the nodes that there are.
    package init(
        at address: JID, feeds: [FeedNode], store: PubSubStore, link: any XMPPLink,
        mayListen: @escaping Guard, now: @escaping @Sendable () -> Instant, logger: Logger
    ) async throws {
        let limits = PubSubLimits(
            feeds: feeds.count, itemsPerNode: Self.itemsMost,
            subscriptionsPerNode: Self.subscriptions,
            subscriptionsPerSubscriber: Self.subscriptionsPerPerson)
        self.address = address
        self.feeds = feeds
        self.master = PubSubViewer(address, mayCreate: true)
        self.store = store
        self.link = link
        self.mayListen = mayListen
        self.now = now
        self.logger = logger
        var service = PubSubService(address: address, kind: .feeds, master: address.bare, limits: limits)
        let stored = try await store.nodes().filter { $0.owner == Self.owner(address) }
        for feed in feeds {
            if var kept = stored.first(where: { $0.name == feed.rawValue }) {
                kept.items = []
                try service.restore(kept)
            } else {
                let outcome = try service.handle(
                    PubSub(.create(node: feed.rawValue, configuration: Self.configuration(of: feed))),
                    isSet: true, from: self.master, at: now())
                try await store.apply(outcome.changes, for: Self.owner(address))
            }
        }
        self.service = service
    }

    /// Under which name the nodes are kept: no account's and no domain's feeds have a resource.
    ///
    /// It is that of earlier databases, which had the feed of machines alone.
    private static func owner(_ address: JID) -> String { "\(address.bare)/machines" }

    private static func configuration(of feed: FeedNode) -> DataForm {
        let keeping =
            feed.items > 0
            ? ("pubsub#max_items", String(feed.items)) : ("pubsub#persist_items", "0")
        let values = [
            ("pubsub#title", feed.title), keeping, ("pubsub#send_last_published_item", "never"),
            ("pubsub#access_model", "open"),
        ]
        return DataForm(
            .submit,
            fields: [
                DataForm.Field(
                    DataForm.formTypeField, .hidden, values: ["http://jabber.org/protocol/pubsub#node_config"]
                )
            ] + values.map { DataForm.Field($0.0, values: [$0.1]) })
    }

    // MARK: What is told

    /// Puts the latest states in place and, unless they are what was there before the process started, tells of them.
    package func publish(_ machines: [Machine], isNews: Bool) async {
        for machine in machines {
            let now = self.now()
            guard !self.listeners(at: .machines).isEmpty else {
                self.unread.note(machine, at: now)
                continue
            }
            self.catchUp()
            if let item = self.put(machine, at: now), isNews {
                await self.tell(item, at: .machines, owner: nil)
            }
        }
    }

    /// Puts in place what nobody has asked for until now.
    private func catchUp() {
        for entry in self.unread.take() { _ = self.put(entry.machine, at: entry.since) }
    }

    /// Puts a machine's state in place; nil if that cannot be done.
    private func put(_ machine: Machine, at now: Instant) -> PubSubItem? {
        let item = PubSubItem(id: machine.id.description, payloads: [machine.element])
        do throws(StanzaError) {
            _ = try self.service.handle(
                PubSub(.publish(node: FeedNode.machines.rawValue, [item], options: nil)), isSet: true,
                from: self.master, at: now)
            return item
        } catch {
            self.logger.error(
                "a machine's state cannot be published",
                metadata: ["machine": "\(machine.id)", "error": "\(error)"])
            return nil
        }
    }

    /// Tells what has happened to a workload to those listeners who may see it: its owner, and whoever may see all.
    package func publish(_ news: WorkloadNews) async {
        guard !self.listeners(at: .workloads).isEmpty else { return }
        do {
            let item = PubSubItem(
                id: String(news.event.position ?? 0), payloads: [try ValueEncoder().encode(news).element])
            await self.tell(item, at: .workloads, owner: news.owner)
        } catch {
            self.logger.error(
                "what happened to a workload cannot be told",
                metadata: ["workload": "\(news.workload)", "error": "\(error)"])
        }
    }

    /// Those who are subscribed, whether or not they still may listen.
    private func listeners(at feed: FeedNode) -> [JID] {
        self.service.nodes[feed.rawValue]?.subscriptions.filter(\.value).keys.sorted() ?? []
    }

    private func tell(_ item: PubSubItem, at feed: FeedNode, owner: String?) async {
        for listener in self.listeners(at: feed) where self.mayListen(listener, feed, owner) {
            let message = Message(
                to: listener, from: self.address, id: nil, kind: .headline,
                payloads: [PubSubEvent(.items(node: feed.rawValue, [item])).element])
            do {
                try await self.link.send(.message(message))
            } catch {
                // Whoever missed a notification may ask: for the item, or for what has happened since.
                self.logger.debug(
                    "a listener cannot be told", metadata: ["to": "\(listener)", "error": "\(error)"])
            }
        }
    }

    // MARK: What listeners ask

    /// Answers a `<pubsub/>`: subscriptions, and the items.
    package func answer(_ iq: IQ, _ request: Element, from: JID) async throws(StanzaError) -> Element? {
        let query: PubSub
        do throws(PayloadError) {
            query = try PubSub(parsing: request)
        } catch {
            try self.check(nil, from)
            throw error.stanzaError
        }
        try self.check(query.content.node, from)
        switch query.content {
        case .items(FeedNode.workloads.rawValue, _, _, _):
            throw StanzaError(
                .featureNotImplemented, text: "nothing is kept here: ask for the operation workload.events")
        case .subscribe, .unsubscribe, .options, .defaultOptions, .items, .subscriptions, .affiliations: break
        case .create, .publish, .retract, .subscription:
            throw StanzaError(.forbidden, text: "only the site itself publishes here")
        }
        self.catchUp()
        let isSet = if case .set = iq.body { true } else { false }
        let viewer = PubSubViewer(from)
        var draft = self.service
        let planned = try draft.handle(query, isSet: isSet, from: viewer, at: self.now())
        guard !planned.changes.isEmpty else { return planned.answer }
        do {
            try await self.store.apply(planned.changes, for: Self.owner(self.address))
        } catch {
            self.logger.error("a subscription could not be written", metadata: ["error": "\(error)"])
            throw StanzaError(
                .internalServerError, kind: .wait, text: "it could not be stored; try again later")
        }
        // Others may have asked meanwhile: it is done to the node as it is by now.
        return try self.service.handle(query, isSet: isSet, from: viewer, at: self.now()).answer
    }

    /// Whoever may listen nowhere learns nothing of any node, and of a node only those who may listen there.
    private func check(_ node: String?, _ asker: JID) throws(StanzaError) {
        let feed = node.flatMap(FeedNode.init(rawValue:)).flatMap { self.feeds.contains($0) ? $0 : nil }
        let asked = feed.map { [$0] } ?? self.feeds
        guard !asked.contains(where: { self.mayListen(asker, $0, nil) }) else { return }
        let objections = asked.map(\.objection).joined(separator: " or ")
        throw StanzaError(.forbidden, text: "no grant allows \(asker.bare) \(objections)")
    }

    /// Forgets somebody (a bare JID) whose account is gone; the disk has forgotten them already.
    package func forget(_ person: JID) { _ = self.service.forget(person) }

    // MARK: Discovery

    /// What a node is, for those who may listen; nil for others and for other nodes.
    package nonisolated func info(node: String?, for asker: JID) -> DiscoInfo? {
        guard let feed = self.feed(node, for: asker) else { return nil }
        return DiscoInfo(
            node: node, identities: [DiscoInfo.Identity(category: "pubsub", type: "leaf", name: feed.name)],
            features: [Namespace.pubSub])
    }

    /// The items that a node has; nil for others than those who may listen, and for other nodes.
    package func list(node: String?, for asker: JID) -> DiscoItems? {
        guard let feed = self.feed(node, for: asker) else { return nil }
        self.catchUp()
        let items = self.service.nodes[feed.rawValue]?.items ?? []
        return DiscoItems(
            node: node, items: items.map { DiscoItems.Item(address: self.address, name: $0.id) })
    }

    private nonisolated func feed(_ node: String?, for asker: JID) -> FeedNode? {
        guard let feed = node.flatMap(FeedNode.init(rawValue:)), self.feeds.contains(feed),
            self.mayListen(asker, feed, nil)
        else { return nil }
        return feed
    }

    /// How the site lists a node among what it has (XEP-0030 §4).
    package static func item(_ feed: FeedNode, at address: JID) -> ServiceProfile.Item {
        ServiceProfile.Item(address: address, node: feed.rawValue, name: feed.name)
    }
}

extension PubSub.Content {
    /// The node that is meant, if one is named.
    fileprivate var node: String? {
        switch self {
        case .create(let node, _), .subscribe(let node, _, _), .unsubscribe(let node, _),
            .options(let node, _, _), .defaultOptions(let node, _), .items(let node, _, _, _),
            .publish(let node, _, _), .retract(let node, _, _), .subscriptions(let node, _),
            .affiliations(let node, _):
            node
        case .subscription(let subscription): subscription.node
        }
    }
}
