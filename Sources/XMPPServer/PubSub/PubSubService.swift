package import CloudModel
import XML
package import XMPP

/// The nodes of one owner and all that may be done with them (XEP-0060): an account's (XEP-0163), or the domain's feeds.
///
/// A value that decides and does nothing. Each request is answered with what to change, what to say and whom to tell, or
/// with the error that XEP-0060 has for the case; nothing has changed then.
package struct PubSubService: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The owner is a person, who alone makes nodes; those who see the owner's presence listen without subscribing.
        case personal
        /// The owner is the domain's own service; people make nodes and own them.
        case feeds
    }

    /// The bare JID that is asked.
    package let address: JID
    package let kind: Kind
    /// Who may do everything at every node: the account, or the domain itself.
    package let master: JID
    package let limits: PubSubLimits
    package internal(set) var nodes: [String: PubSubNode] = [:]
    /// Of the service's own, for names that it has to make up.
    private var nextName: UInt64 = 1

    package init(address: JID, kind: Kind, master: JID, limits: PubSubLimits = PubSubLimits()) {
        self.address = address
        self.kind = kind
        self.master = master
        self.limits = limits
    }

    /// What the features of the service are called behind `http://jabber.org/protocol/pubsub#` (XEP-0060 §10).
    package static func features(of kind: Kind) -> [String] {
        let common = [
            "access-open", "access-whitelist", "auto-create",
            "config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items",
            "delete-nodes", "instant-nodes", "item-ids", "last-published", "member-affiliation", "meta-data",
            "modify-affiliations", "multi-items", "outcast-affiliation", "persistent-items", "publish",
            "publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes",
            "retrieve-affiliations", "retrieve-default", "retrieve-default-sub", "retrieve-items",
            "retrieve-subscriptions", "rsm", "subscribe", "subscription-options", "manage-subscriptions",
        ]
        let own =
            switch kind {
            case .personal:
                [
                    "access-presence", "access-roster", "auto-subscribe", "filtered-notifications",
                    "presence-notifications",
                ]
            case .feeds: [String]()
            }
        return (common + own).map { "\(Namespace.pubSub)#\($0)" }.sorted()
    }

    var standard: PubSubConfiguration {
        switch self.kind {
        case .personal: .personal
        case .feeds: .feed
        }
    }

    // MARK: Requests

    /// Handles a request of subscribers and publishers.
    package mutating func handle(
        _ request: PubSub, isSet: Bool, from viewer: PubSubViewer, at now: Instant
    ) throws(StanzaError) -> PubSubOutcome {
        switch (request.content, isSet) {
        case (.create(let node, let form), true):
            return try self.create(node, form, by: viewer, at: now)
        case (.subscribe(let node, let address, let options), true):
            return try self.subscribe(address, to: node, options, by: viewer)
        case (.unsubscribe(let node, let address), true):
            return try self.unsubscribe(address, from: node, by: viewer)
        case (.options(let node, let address, let form), _):
            return try self.options(of: address, at: node, isSet ? form : nil, isSet: isSet, by: viewer)
        case (.defaultOptions(let node, _), false): return try self.defaultOptions(at: node)
        case (.items(let node, let items, let most, let page), false):
            return try self.items(at: node, items, most: most, page: page, for: viewer)
        case (.publish(let node, let items, let options), true):
            return try self.publish(items, at: node, options, by: viewer, at: now)
        case (.retract(let node, let items, let notifies), true):
            return try self.retract(items, at: node, notifies: notifies, by: viewer)
        case (.subscriptions(let node, _), false): return try self.subscriptions(at: node, of: viewer)
        case (.affiliations(let node, _), false): return try self.affiliations(at: node, of: viewer)
        case (.subscription, _), (.create, _), (.subscribe, _), (.unsubscribe, _), (.defaultOptions, _),
            (.items, _), (.publish, _), (.retract, _), (.subscriptions, _), (.affiliations, _):
            throw StanzaError(.badRequest, text: "this is no such request")
        }
    }

    /// Handles a request of a node's owner.
    package mutating func handle(
        _ request: PubSubOwner, isSet: Bool, from viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        switch (request.content, isSet) {
        case (.configure(let node, let form), true):
            return try self.configure(node, form, by: viewer)
        case (.configure(let node, _), false):
            let (name, node) = try self.owned(node, by: viewer)
            return PubSubOutcome(
                answer: PubSubOwner(.configure(node: name, form: node.configuration.form(.form))).element)
        case (.defaultConfiguration, false):
            return PubSubOutcome(
                answer: PubSubOwner(.defaultConfiguration(form: self.standard.form(.form))).element)
        case (.delete(let node, let redirect), true):
            return try self.delete(node, redirect: redirect, by: viewer)
        case (.purge(let node), true): return try self.purge(node, by: viewer)
        case (.subscriptions(let node, let entries), _):
            return try self.manageSubscriptions(isSet ? entries : nil, at: node, by: viewer)
        case (.affiliations(let node, let entries), _):
            return try self.manageAffiliations(isSet ? entries : nil, at: node, by: viewer)
        case (.defaultConfiguration, true), (.delete, false), (.purge, false):
            throw StanzaError(.badRequest, text: "this is no such request")
        }
    }

    // MARK: Who may what

    /// Feeds have no owner whose presence or roster could decide (XEP-0060 §8.1.2).
    func check(_ configuration: PubSubConfiguration) throws(StanzaError) {
        switch (self.kind, configuration.access) {
        case (.personal, _), (.feeds, .open), (.feeds, .whitelist): return
        case (.feeds, .presence), (.feeds, .roster):
            throw PubSubCondition.unsupportedAccessModel.error(
                .notAcceptable, "access models here: open, whitelist")
        }
    }

    func affiliation(of address: JID, at node: PubSubNode) -> PubSubAffiliation {
        let bare = address.bare
        return bare == self.master ? .owner : node.affiliations[bare] ?? .none
    }

    /// The node of that name.
    func existing(_ name: String?) throws(StanzaError) -> (name: String, node: PubSubNode) {
        guard let name else { throw PubSubCondition.nodeIDRequired.error(.badRequest, "name a node") }
        guard let node = self.nodes[name] else {
            throw StanzaError(.itemNotFound, text: "there is no node '\(name)'")
        }
        return (name, node)
    }

    /// The node of that name, for an owner of it alone (XEP-0060 §8).
    func owned(
        _ name: String?, by viewer: PubSubViewer
    ) throws(StanzaError) -> (name: String, node: PubSubNode) {
        let (name, node) = try self.existing(name)
        guard self.affiliation(of: viewer.address, at: node) == .owner else {
            throw StanzaError(.forbidden, text: "only an owner of '\(name)' may do this")
        }
        return (name, node)
    }

    /// Whether somebody may read and subscribe (XEP-0060 §4.5, §6.1.3, §6.5.9).
    func checkAccess(of viewer: PubSubViewer, to node: PubSubNode) throws(StanzaError) {
        switch self.affiliation(of: viewer.address, at: node) {
        case .owner, .publisher, .member: return
        case .outcast, .publishOnly: throw StanzaError(.forbidden, text: "this node is closed to you")
        case .none: break
        }
        switch node.configuration.access {
        case .open: return
        case .presence:
            guard viewer.seesPresence else {
                throw PubSubCondition.presenceSubscriptionRequired.error(
                    .notAuthorized, "subscribe to the owner's presence first")
            }
        case .roster:
            guard viewer.seesPresence, !viewer.rosterGroups.isDisjoint(with: node.configuration.rosterGroups)
            else {
                throw StanzaError(
                    .notAuthorized, text: "the owner shows this to some of the roster only",
                    detail: Element("not-in-roster-group", namespace: Namespace.pubSubErrors))
            }
        case .whitelist:
            throw PubSubCondition.closedNode.error(.notAllowed, "the owner has not put you on the list")
        }
    }

    /// Whether somebody may know of a node and read it.
    package func isVisible(_ node: PubSubNode, to viewer: PubSubViewer) -> Bool {
        do throws(StanzaError) {
            try self.checkAccess(of: viewer, to: node)
            return true
        } catch {
            return false
        }
    }

    /// A name that no node or item here has yet, for those who leave the naming to the service.
    mutating func makeName(at now: Instant, isTaken: (String) -> Bool) -> String {
        while true {
            let name = "\(now.millisecondsSinceEpoch)-\(self.nextName)"
            self.nextName += 1
            if !isTaken(name) { return name }
        }
    }
}
