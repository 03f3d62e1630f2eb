import Storage
import XML
import XMPP

/// Subscriptions and what one's own are (XEP-0060 §5.6, §5.7, §6.1 to §6.4).
extension PubSubService {
    mutating func subscribe(
        _ address: JID?, to name: String?, _ options: DataForm?, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        let address = try Self.subscriber(address, viewer)
        var (name, node) = try self.existing(name)
        try self.checkAccess(of: viewer, to: node)
        let isNew = node.subscriptions[address] == nil
        var isDelivering: Bool?
        if let options { isDelivering = try Self.isDelivering(options) }
        if isNew { try self.checkRoom(for: address, at: node, besides: name) }
        let delivers = isDelivering ?? node.subscriptions[address] ?? true
        node.subscriptions[address] = delivers
        self.nodes[name] = node
        let subscription = PubSubSubscription(node: name, address: address, state: .subscribed)
        var outcome = PubSubOutcome(answer: PubSub(.subscription(subscription)).element)
        outcome.changes = [
            .subscribe(node: name, address: address.description, isDelivering: delivers)
        ]
        if isNew, delivers, node.configuration.lastItem != .never {
            outcome.notices = [.lastItem(node: node, name: name, address)]
        }
        return outcome
    }

    /// Whether one more may subscribe at the node as it is by now; `name` is where it will be.
    func checkRoom(for address: JID, at node: PubSubNode, besides name: String) throws(StanzaError) {
        let person = address.bare
        func count(_ node: PubSubNode) -> Int { node.subscriptions.keys.count { $0.bare == person } }
        let own = self.nodes.reduce(count(node)) { $1.key == name ? $0 : $0 + count($1.value) }
        guard own < self.limits.subscriptionsPerSubscriber,
            node.subscriptions.count < self.limits.subscriptionsPerNode
        else {
            throw PubSubCondition.tooManySubscriptions.error(
                .policyViolation, "there are too many subscriptions already")
        }
    }

    mutating func unsubscribe(
        _ address: JID?, from name: String?, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        guard let address else {
            throw PubSubCondition.jidRequired.error(.badRequest, "say who is to be unsubscribed")
        }
        var (name, node) = try self.existing(name)
        guard address.bare == viewer.address.bare else {
            throw StanzaError(.forbidden, text: "this is not your subscription")
        }
        guard node.subscriptions.removeValue(forKey: address) != nil else {
            throw PubSubCondition.notSubscribed.error(
                .unexpectedRequest, kind: .cancel, "\(address) is not subscribed")
        }
        self.nodes[name] = node
        var outcome = PubSubOutcome()
        outcome.changes = [.subscribe(node: name, address: address.description, isDelivering: nil)]
        return outcome
    }

    /// XEP-0060 §6.3: whether events are delivered, and nothing else.
    mutating func options(
        of address: JID?, at name: String?, _ form: DataForm?, isSet: Bool, by viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        guard let address else {
            throw PubSubCondition.jidRequired.error(.badRequest, "say whose options are meant")
        }
        var (name, node) = try self.existing(name)
        guard address.bare == viewer.address.bare else {
            throw StanzaError(.forbidden, text: "this is not your subscription")
        }
        guard let delivers = node.subscriptions[address] else {
            throw PubSubCondition.notSubscribed.error(
                .unexpectedRequest, kind: .cancel, "\(address) is not subscribed")
        }
        guard isSet else {
            let form = Self.optionsForm(.form, delivers: delivers)
            return PubSubOutcome(
                answer: PubSub(.options(node: name, address: address, form: form)).element)
        }
        guard let form else {
            throw PubSubCondition.invalidOptions.error(.badRequest, "the form is missing")
        }
        if form.kind == .cancel { return PubSubOutcome() }
        let wanted = try Self.isDelivering(form) ?? delivers
        node.subscriptions[address] = wanted
        self.nodes[name] = node
        var outcome = PubSubOutcome()
        outcome.changes = [.subscribe(node: name, address: address.description, isDelivering: wanted)]
        return outcome
    }

    func defaultOptions(at name: String?) throws(StanzaError) -> PubSubOutcome {
        if let name { _ = try self.existing(name) }
        let form = Self.optionsForm(.form, delivers: true)
        return PubSubOutcome(answer: PubSub(.defaultOptions(node: name, form: form)).element)
    }

    // MARK: One's own

    func subscriptions(at name: String?, of viewer: PubSubViewer) throws(StanzaError) -> PubSubOutcome {
        if let name { _ = try self.existing(name) }
        let nodes = self.nodes.filter { name == nil || $0.key == name }.sorted { $0.key < $1.key }
        let entries = nodes.flatMap { name, node in
            node.subscriptions.keys.filter { $0.bare == viewer.address.bare }.sorted().map {
                PubSubSubscription(node: name, address: $0, state: .subscribed)
            }
        }
        return PubSubOutcome(answer: PubSub(.subscriptions(node: name, entries)).element)
    }

    func affiliations(at name: String?, of viewer: PubSubViewer) throws(StanzaError) -> PubSubOutcome {
        if let name { _ = try self.existing(name) }
        let nodes = self.nodes.filter { name == nil || $0.key == name }.sorted { $0.key < $1.key }
        let entries = nodes.compactMap { name, node -> PubSubAffiliation.Entry? in
            let affiliation = self.affiliation(of: viewer.address, at: node)
            return affiliation == .none ? nil : .init(node: name, affiliation: affiliation)
        }
        return PubSubOutcome(answer: PubSub(.affiliations(node: name, entries)).element)
    }

    // MARK: Parts

    /// Whom a subscription is for: oneself, or one of one's resources (XEP-0060 §6.1.3.1).
    private static func subscriber(_ address: JID?, _ viewer: PubSubViewer) throws(StanzaError) -> JID {
        guard let address, address.bare == viewer.address.bare else {
            throw PubSubCondition.invalidJID.error(.badRequest, "subscribe yourself, not somebody else")
        }
        return address
    }

    private static let deliverField = "pubsub#deliver"

    private static func optionsForm(_ kind: DataForm.Kind, delivers: Bool) -> DataForm {
        DataForm(
            kind,
            fields: [
                DataForm.Field(
                    DataForm.formTypeField, .hidden, values: [Namespace.pubSubSubscribeOptions]),
                DataForm.Field(Self.deliverField, .boolean, values: [delivers ? "1" : "0"]),
            ])
    }

    /// What the options say of delivery; nil if nothing.
    private static func isDelivering(_ form: DataForm) throws(StanzaError) -> Bool? {
        guard form.kind == .submit else {
            throw PubSubCondition.invalidOptions.error(.badRequest, "the form was not submitted")
        }
        guard let field = form.field(Self.deliverField) else { return nil }
        guard let flag = field.flag else {
            throw PubSubCondition.invalidOptions.error(.badRequest, "\(Self.deliverField) is true or false")
        }
        return flag
    }
}
