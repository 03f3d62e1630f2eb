package import CloudModel
import Federation
package import Logging
package import Storage
package import XML
package import XMPP
package import XMPPServer
package import XMPPTransport

/// The states of a site's machines as a node at the site's own address (XEP-0060): for those who may list all machines.
///
/// The node has one item for each machine, its latest state, and whoever subscribes is told each change. Subscriptions
/// outlive the process; items are what the agent says after its start. Who may listen is asked of the grants at every
/// request and before every notification, so a grant that is taken back ends the telling at once.
package actor MachineFeed {
    /// The node, and the version of what its items hold.
    package static let node = "urn:tradewind:machines:1"
    /// Machines whose state is kept at the node; of more, those that changed longest ago give way.
    package static let items = 256
    /// Addresses that may be subscribed, and those of one person among them.
    package static let subscriptions = 500
    package static let subscriptionsPerPerson = 10

    /// Whether an address may see every machine of the site.
    package typealias Guard = @Sendable (JID) -> Bool

    private let address: JID
    private let master: PubSubViewer
    private var service: PubSubService
    private let store: PubSubStore
    private let link: any XMPPLink
    private let mayListen: Guard
    private let now: @Sendable () -> Instant
    private let logger: Logger

    /// Reads who is subscribed.
    ///
    /// - Parameter address: where requests arrive: the domain, or the process of an account.
    package init(
        at address: JID, store: PubSubStore, link: any XMPPLink, mayListen: @escaping Guard,
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) async throws {
        let limits = PubSubLimits(
            feeds: 1, itemsPerNode: Self.items, subscriptionsPerNode: Self.subscriptions,
            subscriptionsPerSubscriber: Self.subscriptionsPerPerson)
        self.address = address
        self.master = PubSubViewer(address, mayCreate: true)
        self.store = store
        self.link = link
        self.mayListen = mayListen
        self.now = now
        self.logger = logger
        var service = PubSubService(address: address, kind: .feeds, master: address.bare, limits: limits)
        let kept = try await store.nodes().first { $0.owner == Self.owner(address) && $0.name == Self.node }
        if var kept {
            kept.items = []
            try service.restore(kept)
        } else {
            let outcome = try service.handle(
                PubSub(.create(node: Self.node, configuration: Self.configuration)), isSet: true,
                from: self.master, at: now())
            try await store.apply(outcome.changes, for: Self.owner(address))
        }
        self.service = service
    }

    /// Under which name the node is kept: no account's and no domain's feeds have a resource.
    private static func owner(_ address: JID) -> String { "\(address.bare)/machines" }

    private static var configuration: DataForm {
        let values = [
            ("pubsub#title", "Machines of this site"), ("pubsub#max_items", String(Self.items)),
            ("pubsub#send_last_published_item", "never"), ("pubsub#access_model", "open"),
        ]
        return DataForm(
            .submit,
            fields: [
                DataForm.Field(
                    DataForm.formTypeField, .hidden, values: ["http://jabber.org/protocol/pubsub#node_config"]
                )
            ] + values.map { DataForm.Field($0.0, values: [$0.1]) })
    }

    // MARK: What the agent says

    /// Puts the latest states in place and, unless they are what was there before the process started, tells of them.
    package func publish(_ machines: [Machine], isNews: Bool) async {
        for machine in machines {
            let item = PubSubItem(id: machine.id.description, payloads: [machine.element])
            do throws(StanzaError) {
                let outcome = try self.service.handle(
                    PubSub(.publish(node: Self.node, [item], options: nil)), isSet: true, from: self.master,
                    at: self.now())
                if isNews { await self.tell(outcome.notices) }
            } catch {
                self.logger.error(
                    "a machine's state cannot be published",
                    metadata: ["machine": "\(machine.id)", "error": "\(error)"])
            }
        }
    }

    private func tell(_ notices: [PubSubNotice]) async {
        for notice in notices {
            guard case .event(let node, _, let content) = notice else { continue }
            for listener in node.subscriptions.filter(\.value).keys.sorted() where self.mayListen(listener) {
                let message = Message(
                    to: listener, from: self.address, id: nil, kind: .headline,
                    payloads: [PubSubEvent(content).element])
                do {
                    try await self.link.send(.message(message))
                } catch {
                    // The state is at the node for whoever missed a notification.
                    self.logger.debug(
                        "a listener cannot be told", metadata: ["to": "\(listener)", "error": "\(error)"])
                }
            }
        }
    }

    // MARK: What listeners ask

    /// Answers a `<pubsub/>`: subscriptions, and the items.
    package func answer(_ iq: IQ, _ request: Element, from: JID) async throws(StanzaError) -> Element? {
        guard self.mayListen(from) else {
            throw StanzaError(
                .forbidden, text: "no grant allows \(from.bare) to list all machines of this site")
        }
        let query: PubSub
        do throws(PayloadError) {
            query = try PubSub(parsing: request)
        } catch {
            throw error.stanzaError
        }
        switch query.content {
        case .subscribe, .unsubscribe, .options, .defaultOptions, .items, .subscriptions, .affiliations: break
        case .create, .publish, .retract, .subscription:
            throw StanzaError(.forbidden, text: "only the site itself publishes here")
        }
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

    /// Forgets somebody (a bare JID) whose account is gone; the disk has forgotten him already.
    package func forget(_ person: JID) { _ = self.service.forget(person) }

    // MARK: Discovery

    /// What the node is, for those who may listen; nil for others and for other nodes.
    package nonisolated func info(node: String?, for asker: JID) -> DiscoInfo? {
        guard node == Self.node, self.mayListen(asker) else { return nil }
        return DiscoInfo(
            node: node, identities: [DiscoInfo.Identity(category: "pubsub", type: "leaf", name: "Machines")],
            features: [Namespace.pubSub])
    }

    /// The machines whose state is at the node; nil for others than those who may listen, and for other nodes.
    package func list(node: String?, for asker: JID) -> DiscoItems? {
        guard node == Self.node, self.mayListen(asker) else { return nil }
        let items = self.service.nodes[Self.node]?.items ?? []
        return DiscoItems(
            node: node, items: items.map { DiscoItems.Item(address: self.address, name: $0.id) })
    }

    /// How the site lists the node among what it has (XEP-0030 §4).
    package static func item(at address: JID) -> ServiceProfile.Item {
        ServiceProfile.Item(address: address, node: Self.node, name: "Machines")
    }
}
