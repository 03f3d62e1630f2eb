import CloudModel
import Storage
import XML
import XMPP

/// Making, configuring and deleting nodes (XEP-0060 §8.1 to §8.5).
extension PubSubService {
    mutating func create(
        _ name: String?, _ form: DataForm?, by viewer: PubSubViewer, at now: Instant
    ) throws(StanzaError) -> PubSubOutcome {
        let nodes = self.nodes
        let chosen = name ?? self.makeName(at: now) { nodes[$0] != nil }
        var configuration = self.standard
        if let form { try configuration.apply(form, limits: self.limits) }
        let changes = try self.add(chosen, configuration, by: viewer)
        var outcome = PubSubOutcome()
        if name == nil { outcome.answer = PubSub(.create(node: chosen, configuration: nil)).element }
        outcome.changes = changes
        return outcome
    }

    /// Makes a node, if this person may and there is room.
    mutating func add(
        _ name: String, _ configuration: PubSubConfiguration, by viewer: PubSubViewer
    ) throws(StanzaError) -> [PubSubChange] {
        guard viewer.mayCreate || viewer.address.bare == self.master else {
            throw StanzaError(.forbidden, text: "you may make no nodes here")
        }
        guard self.nodes[name] == nil else {
            throw StanzaError(.conflict, text: "there is a node '\(name)' already")
        }
        guard name.utf8.count <= self.limits.nameBytes else {
            throw StanzaError(
                .notAcceptable, text: "the name of a node has at most \(self.limits.nameBytes) bytes")
        }
        try self.check(configuration)
        try self.checkRoom(for: viewer.address.bare)
        var node = PubSubNode(configuration: configuration)
        var changes = [PubSubChange.configure(node: name, configuration.values)]
        if viewer.address.bare != self.master {
            node.creator = viewer.address.bare
            node.affiliations[viewer.address.bare] = .owner
            changes.append(.credit(node: name, creator: viewer.address.bare.description))
            changes.append(
                .affiliate(
                    node: name, address: viewer.address.bare.description,
                    PubSubAffiliation.owner.rawValue))
        }
        self.nodes[name] = node
        return changes
    }

    private func checkRoom(for creator: JID) throws(StanzaError) {
        let hasRoom: Bool
        switch self.kind {
        case .personal: hasRoom = self.nodes.count < self.limits.nodesPerAccount
        case .feeds where creator == self.master: hasRoom = self.nodes.count < self.limits.feeds
        case .feeds:
            let people = self.nodes.values.count { $0.creator != nil }
            let own = self.nodes.values.count { $0.creator == creator }
            hasRoom =
                people < self.limits.feeds - self.limits.feedsReserved && own < self.limits.feedsPerCreator
        }
        guard hasRoom else {
            throw PubSubCondition.maxNodesExceeded.error(
                .conflict, "there are too many nodes already: delete one first")
        }
    }

    mutating func configure(
        _ name: String?, _ form: DataForm?, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        var (name, node) = try self.owned(name, by: viewer)
        guard let form else { throw StanzaError(.badRequest, text: "the form is missing") }
        // Cancelling leaves everything as it is (XEP-0060 §8.2.4).
        if form.kind == .cancel { return PubSubOutcome() }
        try node.configuration.apply(form, limits: self.limits)
        try self.check(node.configuration)
        let kept = node.configuration.persistsItems ? node.configuration.mostItems : 1
        let displaced = node.items.prefix(max(0, node.items.count - kept)).map(\.id)
        node.items.removeFirst(displaced.count)
        self.nodes[name] = node
        var outcome = PubSubOutcome()
        outcome.changes = [.configure(node: name, node.configuration.values)]
        outcome.changes += displaced.map { .retract(node: name, id: $0) }
        if node.configuration.notifiesConfiguration {
            let form = node.configuration.deliversPayloads ? node.configuration.form(.result) : nil
            outcome.notices = [.event(node: node, name: name, .configured(node: name, form: form))]
        }
        return outcome
    }

    mutating func delete(
        _ name: String?, redirect: String?, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        let (name, node) = try self.owned(name, by: viewer)
        guard redirect.map({ $0.utf8.count <= self.limits.nameBytes }) ?? true else {
            throw StanzaError(.notAcceptable, text: "the new address is too long")
        }
        self.nodes[name] = nil
        var outcome = PubSubOutcome()
        outcome.changes = [.delete(node: name)]
        if node.configuration.notifiesDeletion || redirect != nil || self.kind == .feeds {
            outcome.notices = [
                .event(node: node, name: name, .deleted(node: name, redirect: redirect))
            ]
        }
        return outcome
    }

    mutating func purge(_ name: String?, by viewer: PubSubViewer) throws(StanzaError) -> PubSubOutcome {
        var (name, node) = try self.owned(name, by: viewer)
        guard node.configuration.persistsItems else {
            throw PubSubCondition.unsupported(feature: "persistent-items").error(
                .featureNotImplemented, "this node keeps no items")
        }
        node.items = []
        self.nodes[name] = node
        var outcome = PubSubOutcome()
        outcome.changes = [.purge(node: name)]
        // One notification for all (XEP-0060 §8.5.2).
        if node.configuration.notifiesRetraction {
            outcome.notices = [.event(node: node, name: name, .purged(node: name))]
        }
        return outcome
    }
}
