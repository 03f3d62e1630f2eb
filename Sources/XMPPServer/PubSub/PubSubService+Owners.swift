import Storage
import XML
package import XMPP

/// Who has to do with a node, managed by its owner (XEP-0060 §8.8, §8.9).
extension PubSubService {
    /// - Parameter entries: what is to change; nil to ask for the list.
    mutating func manageSubscriptions(
        _ entries: [PubSubSubscription]?, at name: String?, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        var (name, node) = try self.owned(name, by: viewer)
        guard let entries else {
            let list = node.subscriptions.keys.sorted().map {
                PubSubSubscription(address: $0, state: .subscribed)
            }
            return PubSubOutcome(answer: PubSubOwner(.subscriptions(node: name, list)).element)
        }
        var outcome = PubSubOutcome()
        for entry in entries {
            guard let address = entry.address else {
                throw PubSubCondition.jidRequired.error(.badRequest, "say whose subscription is meant")
            }
            // Without a word about it, nothing changes (§8.8.2).
            guard let state = entry.state else { continue }
            switch state {
            case .none:
                guard node.subscriptions.removeValue(forKey: address) != nil else { continue }
                outcome.changes.append(
                    .subscribe(node: name, address: address.description, isDelivering: nil))
            case .subscribed:
                guard node.subscriptions[address] == nil else { continue }
                try self.checkMaySubscribe(address, viewer)
                try self.checkRoom(for: address, at: node, besides: name)
                node.subscriptions[address] = true
                outcome.changes.append(
                    .subscribe(node: name, address: address.description, isDelivering: true))
            case .pending, .unconfigured:
                throw StanzaError(.notAcceptable, text: "a subscription here is there or it is not")
            }
            let told = PubSubSubscription(node: name, address: address, state: state)
            outcome.notices.append(.personal(address, .subscription(told)))
        }
        self.nodes[name] = node
        return outcome
    }

    /// Who has not asked for it is not sent what others publish: an owner subscribes people of this domain only, the
    /// domain's own service whom it likes.
    private func checkMaySubscribe(_ address: JID, _ owner: PubSubViewer) throws(StanzaError) {
        let isService = self.kind == .feeds && owner.address.bare == self.master
        guard isService || (address.local != nil && address.domain == self.master.domain) else {
            throw StanzaError(
                .notAllowed, text: "\(address) is not of \(self.master.domain) and must subscribe itself")
        }
    }

    /// - Parameter entries: what is to change; nil to ask for the list.
    mutating func manageAffiliations(
        _ entries: [PubSubAffiliation.Entry]?, at name: String?, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        var (name, node) = try self.owned(name, by: viewer)
        guard let entries else {
            var list = node.affiliations.sorted { $0.key < $1.key }.map {
                PubSubAffiliation.Entry(address: $0.key, affiliation: $0.value)
            }
            list.insert(.init(address: self.master, affiliation: .owner), at: 0)
            return PubSubOutcome(answer: PubSubOwner(.affiliations(node: name, list)).element)
        }
        var outcome = PubSubOutcome()
        for entry in entries {
            guard let address = entry.address?.bare else {
                throw PubSubCondition.jidRequired.error(.badRequest, "say whose affiliation is meant")
            }
            // Without a word about it, nothing changes (§8.9.2).
            guard let affiliation = entry.affiliation else { continue }
            // Who may do everything here stays so, whatever an owner wishes.
            guard address != self.master || affiliation == .owner else {
                throw StanzaError(.notAcceptable, text: "\(self.master) stays the owner of every node")
            }
            guard address != self.master else { continue }
            node.affiliations[address] = affiliation == .none ? nil : affiliation
            guard node.affiliations.count <= self.limits.subscriptionsPerNode else {
                throw StanzaError(.resourceConstraint, text: "too many people have to do with this node")
            }
            outcome.changes.append(
                .affiliate(
                    node: name, address: address.description,
                    affiliation == .none ? nil : affiliation.rawValue))
            if affiliation == .outcast { outcome.changes += Self.expel(address, from: &node, name) }
        }
        // A feed somebody made keeps somebody who answers for it (§8.9.2.4).
        guard
            self.kind == .personal || viewer.address.bare == self.master
                || node.affiliations.values.contains(.owner)
        else {
            throw StanzaError(.notAcceptable, text: "a node needs an owner")
        }
        self.nodes[name] = node
        return outcome
    }

    /// Forgets somebody whose account is gone; whom to tell of the nodes that go with it.
    ///
    /// A node he made counts as its next owner's from now on, and goes if it has none.
    package mutating func forget(_ person: JID) -> [PubSubNotice] {
        var notices: [PubSubNotice] = []
        for name in self.nodes.keys.sorted() {
            guard var node = self.nodes[name] else { continue }
            node.affiliations[person] = nil
            for subscriber in node.subscriptions.keys where subscriber.bare == person {
                node.subscriptions[subscriber] = nil
            }
            let isLost = node.creator == person && node.owners.isEmpty
            if node.creator == person { node.creator = node.owners.first }
            self.nodes[name] = isLost ? nil : node
            if isLost {
                notices.append(.event(node: node, name: name, .deleted(node: name, redirect: nil)))
            }
        }
        return notices
    }

    /// An outcast is told of nothing any more.
    private static func expel(_ address: JID, from node: inout PubSubNode, _ name: String) -> [PubSubChange] {
        let gone = node.subscriptions.keys.filter { $0.bare == address }.sorted()
        for subscriber in gone { node.subscriptions[subscriber] = nil }
        return gone.map { .subscribe(node: name, address: $0.description, isDelivering: nil) }
    }
}
