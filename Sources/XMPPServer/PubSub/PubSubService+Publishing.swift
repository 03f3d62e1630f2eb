import CloudModel
import Storage
import XML
import XMPP

/// Publishing and retracting items (XEP-0060 §7).
extension PubSubService {
    mutating func publish(
        _ items: [PubSubItem], at name: String?, _ options: DataForm?, by viewer: PubSubViewer,
        at now: Instant
    ) throws(StanzaError) -> PubSubOutcome {
        guard let name else { throw PubSubCondition.nodeIDRequired.error(.badRequest, "name a node") }
        var outcome = PubSubOutcome()
        // Nothing of this may stay if a later check fails.
        var draft = self
        var node: PubSubNode
        if let existing = draft.nodes[name] {
            try draft.checkPublisher(viewer, at: existing)
            try Self.check(options, existing.configuration, limits: self.limits)
            node = existing
        } else {
            // XEP-0060 §7.1.4: made with what the publisher asks for.
            outcome.changes = try draft.autoCreate(name, options, by: viewer)
            node = try draft.existing(name).node
        }
        try draft.check(items, at: node)
        var published: [PubSubNode.Item] = []
        for item in items {
            let made = try draft.make(item, at: node, by: viewer, at: now)
            let displaced = node.publish(made)
            published.append(made)
            guard node.configuration.persistsItems else { continue }
            outcome.changes.append(.publish(node: name, try made.stored()))
            outcome.changes += displaced.map { .retract(node: name, id: $0) }
        }
        draft.nodes[name] = node
        try draft.checkBytes(of: node)
        self = draft
        outcome.answer =
            PubSub(.publish(node: name, published.map { PubSubItem(id: $0.id) }, options: nil)).element
        let told = published.map { item in
            item.told(withPayload: node.configuration.deliversPayloads)
        }
        outcome.notices = [.event(node: node, name: name, .items(node: name, told))]
        return outcome
    }

    /// Whether what is kept costs no more than it may: counted as whose the node is, so that no person takes the room of
    /// all others, and all people together not that of the domain's own service.
    private func checkBytes(of node: PubSubNode) throws(StanzaError) {
        func cost(_ isCounted: (PubSubNode) -> Bool) -> Int {
            self.nodes.values.reduce(0) { isCounted($1) ? $0 + $1.cost : $0 }
        }
        let limits = self.limits
        let hasRoom: Bool
        switch (self.kind, node.creator) {
        case (.personal, _): hasRoom = cost { _ in true } <= limits.bytesPerOwner
        case (.feeds, .none): hasRoom = cost { _ in true } <= limits.feedBytes
        case (.feeds, .some(let creator)):
            hasRoom =
                cost { $0.creator == creator } <= limits.bytesPerOwner
                && cost { $0.creator != nil } <= limits.feedBytes - limits.feedBytesReserved
        }
        guard hasRoom else {
            throw StanzaError(
                .resourceConstraint, kind: .modify, text: "there is no more room: retract something first")
        }
    }

    private mutating func autoCreate(
        _ name: String, _ options: DataForm?, by viewer: PubSubViewer
    ) throws(StanzaError) -> [PubSubChange] {
        guard viewer.mayCreate || viewer.address.bare == self.master else {
            throw StanzaError(.itemNotFound, text: "there is no node '\(name)'")
        }
        var configuration = self.standard
        if let options {
            try Self.checkType(options)
            var form = options
            form.kind = .submit
            try configuration.apply(form, limits: self.limits)
            guard configuration.meets(options, limits: self.limits) else { throw Self.unmet }
        }
        return try self.add(name, configuration, by: viewer)
    }

    private func checkPublisher(_ viewer: PubSubViewer, at node: PubSubNode) throws(StanzaError) {
        switch self.affiliation(of: viewer.address, at: node) {
        case .owner, .publisher, .publishOnly: return
        case .outcast: break
        case .member, .none:
            switch node.configuration.publishing {
            case .publishers: break
            case .open: return
            case .subscribers:
                if node.subscriptions.keys.contains(where: { $0.bare == viewer.address.bare }) { return }
            }
        }
        throw StanzaError(.forbidden, text: "you may not publish here")
    }

    /// XEP-0060 §7.1.5.
    private static func check(
        _ options: DataForm?, _ configuration: PubSubConfiguration, limits: PubSubLimits
    ) throws(StanzaError) {
        guard let options else { return }
        try Self.checkType(options)
        guard configuration.meets(options, limits: limits) else { throw Self.unmet }
    }

    private static func checkType(_ options: DataForm) throws(StanzaError) {
        guard options.formType == Namespace.pubSubPublishOptions else {
            throw StanzaError(
                .badRequest, text: "the options are no form of \(Namespace.pubSubPublishOptions)")
        }
    }

    private static let unmet = PubSubCondition.preconditionNotMet.error(
        .conflict, "the node is configured otherwise")

    /// What the node's kind of event asks for (XEP-0060 §7.1.3.6).
    private func check(_ items: [PubSubItem], at node: PubSubNode) throws(StanzaError) {
        let configuration = node.configuration
        guard !items.isEmpty || (!configuration.persistsItems && !configuration.deliversPayloads) else {
            throw PubSubCondition.itemRequired.error(.badRequest, "there is nothing to publish")
        }
        guard items.isEmpty || configuration.persistsItems || configuration.deliversPayloads else {
            throw PubSubCondition.itemForbidden.error(.badRequest, "this node only notifies")
        }
        guard items.count <= configuration.mostItems || !configuration.persistsItems else {
            throw PubSubCondition.maxItemsExceeded.error(
                .notAllowed, "this node keeps \(configuration.mostItems) items")
        }
    }

    private mutating func make(
        _ item: PubSubItem, at node: PubSubNode, by viewer: PubSubViewer, at now: Instant
    ) throws(StanzaError) -> PubSubNode.Item {
        let id = item.id ?? self.makeName(at: now) { name in node.items.contains { $0.id == name } }
        guard id.utf8.count <= self.limits.nameBytes else {
            throw StanzaError(
                .notAcceptable, text: "the id of an item has at most \(self.limits.nameBytes) bytes")
        }
        guard let payload = item.payloads.first else {
            guard !node.configuration.deliversPayloads else {
                throw PubSubCondition.payloadRequired.error(.badRequest, "this node takes payloads")
            }
            return PubSubNode.Item(
                id: id, publisher: viewer.address, publishedAt: now, payload: nil,
                cost: PubSubLimits.elementCost)
        }
        let type = node.configuration.payloadType
        guard item.payloads.count == 1, type.isEmpty || payload.namespace == type else {
            throw PubSubCondition.invalidPayload.error(
                .badRequest, "an item has one payload, of the namespace the node is for")
        }
        let size = try Self.size(of: payload)
        guard size <= self.limits.itemBytes else {
            throw PubSubCondition.payloadTooBig.error(
                .notAcceptable, "a payload has at most \(self.limits.itemBytes) bytes")
        }
        return PubSubNode.Item(
            id: id, publisher: viewer.address, publishedAt: now, payload: payload,
            cost: size + payload.partCount * PubSubLimits.elementCost)
    }

    private static func size(of payload: Element) throws(StanzaError) -> Int {
        do throws(PrintError) {
            return try payload.serialized().count
        } catch {
            throw StanzaError(.badRequest, text: "the payload cannot be written as XML: \(error)")
        }
    }

    mutating func retract(
        _ items: [PubSubItem], at name: String?, notifies: Bool, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        var (name, node) = try self.existing(name)
        guard node.configuration.persistsItems else {
            throw PubSubCondition.unsupported(feature: "persistent-items").error(
                .featureNotImplemented, "this node keeps no items")
        }
        guard !items.isEmpty, items.allSatisfy({ $0.id != nil }) else {
            throw PubSubCondition.itemRequired.error(.badRequest, "name the items to retract")
        }
        let affiliation = self.affiliation(of: viewer.address, at: node)
        let ids = items.compactMap(\.id)
        for id in ids {
            let item = node.items.first { $0.id == id }
            // Who may not publish hears nothing of what is there.
            switch affiliation {
            case .owner, .publisher: break
            case .publishOnly, .member, .none:
                guard item?.publisher.bare == viewer.address.bare else {
                    throw StanzaError(.forbidden, text: "you may not retract this")
                }
            case .outcast: throw StanzaError(.forbidden, text: "you may not retract this")
            }
            guard item != nil else {
                throw StanzaError(.itemNotFound, text: "there is no item '\(id)' at '\(name)'")
            }
        }
        node.items.removeAll { ids.contains($0.id) }
        self.nodes[name] = node
        var outcome = PubSubOutcome()
        outcome.changes = ids.map { .retract(node: name, id: $0) }
        if notifies || node.configuration.notifiesRetraction {
            outcome.notices = [.event(node: node, name: name, .retracted(node: name, ids))]
        }
        return outcome
    }
}

extension PubSubNode.Item {
    /// The item as listeners get it.
    func told(withPayload: Bool) -> PubSubItem {
        PubSubItem(id: self.id, payloads: withPayload ? self.payload.map { [$0] } ?? [] : [])
    }
}

extension Element {
    /// Elements, attributes and texts, this one included.
    var partCount: Int {
        self.children.reduce(1 + self.attributes.count) { count, node in
            switch node {
            case .element(let child): count + child.partCount
            case .text: count + 1
            }
        }
    }
}
