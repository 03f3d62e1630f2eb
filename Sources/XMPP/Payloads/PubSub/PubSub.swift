package import XML

/// What subscribers and publishers ask of a service, and its answers (XEP-0060 §5 to §7).
///
/// Attributes that the rules require may be missing here: a service answers that with an error of its own kind.
package struct PubSub: Payload {
    package static let elementName = "pubsub"
    package static let namespace = Namespace.pubSub

    package enum Content: Hashable, Sendable {
        /// §8.1; in an answer, the node that was made.
        case create(node: String?, configuration: DataForm?)
        /// §6.1.
        case subscribe(node: String?, address: JID?, options: DataForm?)
        /// The answer to a request for a subscription.
        case subscription(PubSubSubscription)
        /// §6.2.
        case unsubscribe(node: String?, address: JID?)
        /// §6.3: to ask for the options without a form, to set them with one.
        case options(node: String?, address: JID?, form: DataForm?)
        /// §6.4.
        case defaultOptions(node: String?, form: DataForm?)
        /// §6.5: in a request, items that only have ids.
        case items(node: String?, [PubSubItem], most: Int?, page: ResultSet?)
        /// §7.1.
        case publish(node: String?, [PubSubItem], options: DataForm?)
        /// §7.2.
        case retract(node: String?, [PubSubItem], notifies: Bool)
        /// §5.6.
        case subscriptions(node: String?, [PubSubSubscription])
        /// §5.7.
        case affiliations(node: String?, [PubSubAffiliation.Entry])
    }

    package var content: Content

    package init(_ content: Content) {
        self.content = content
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        for child in element.elements where child.namespace == Self.namespace {
            if let content = try Self.content(child, in: element) {
                self.content = content
                return
            }
        }
        throw PayloadError("<pubsub/> holds nothing that is known here")
    }

    private static func content(_ child: Element, in parent: Element) throws(PayloadError) -> Content? {
        let node = child.node
        switch child.name {
        case "create":
            let configure = parent.child("configure")
            // XEP-0060 §8.1.3: it follows <create/> and leaves the naming of the node to it.
            guard parent.elements.first == child, configure?[attribute: "node"] == nil else {
                throw PayloadError("<configure/> follows <create/> and names no node")
            }
            return .create(node: node, configuration: try configure?.form())
        case "subscribe":
            return .subscribe(
                node: node, address: try child.address("jid"), options: try parent.child("options")?.form())
        case "subscription": return .subscription(try PubSubSubscription(parsing: child))
        case "unsubscribe": return .unsubscribe(node: node, address: try child.address("jid"))
        case "options":
            return .options(node: node, address: try child.address("jid"), form: try child.form())
        case "default": return .defaultOptions(node: node, form: try child.form())
        case "items":
            return .items(
                node: node, try child.items("item"), most: try child.mostItems(),
                page: try parent.firstChild(ResultSet.self))
        case "publish":
            return .publish(
                node: node, try child.items("item"), options: try parent.child("publish-options")?.form())
        case "retract":
            let notifies = ["true", "1"].contains(child[attribute: "notify"] ?? "")
            return .retract(node: node, try child.items("item"), notifies: notifies)
        case "subscriptions":
            return .subscriptions(
                node: node, try child.entries("subscription", PubSubSubscription.init(parsing:)))
        case "affiliations":
            return .affiliations(
                node: node, try child.entries("affiliation", PubSubAffiliation.Entry.init(parsing:)))
        case _: return nil
        }
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, [:], self.children)
    }

    private var children: [Element] {
        switch self.content {
        case .create(let node, let form):
            return [Self.make("create", node)] + Self.wrap("configure", form)
        case .subscribe(let node, let address, let form):
            return [Self.make("subscribe", node, address)] + Self.wrap("options", form)
        case .subscription(let subscription): return [subscription.element(in: Self.namespace)]
        case .unsubscribe(let node, let address): return [Self.make("unsubscribe", node, address)]
        case .options(let node, let address, let form):
            return [Self.make("options", node, address, form.map { [$0.element] } ?? [])]
        case .defaultOptions(let node, let form):
            return [Self.make("default", node, nil, form.map { [$0.element] } ?? [])]
        case .items(let node, let items, let most, let page):
            var element = Self.make("items", node, nil, items.map { $0.element(in: Self.namespace) })
            element[attribute: "max_items"] = most.map { String($0) }
            return [element] + (page.map { [$0.element] } ?? [])
        case .publish(let node, let items, let form):
            let element = Self.make("publish", node, nil, items.map { $0.element(in: Self.namespace) })
            return [element] + Self.wrap("publish-options", form)
        case .retract(let node, let items, let notifies):
            var element = Self.make("retract", node, nil, items.map { $0.element(in: Self.namespace) })
            element[attribute: "notify"] = notifies ? "true" : nil
            return [element]
        case .subscriptions(let node, let entries):
            return [Self.make("subscriptions", node, nil, entries.map { $0.element(in: Self.namespace) })]
        case .affiliations(let node, let entries):
            return [Self.make("affiliations", node, nil, entries.map { $0.element(in: Self.namespace) })]
        }
    }

    private static func make(
        _ name: String, _ node: String?, _ address: JID? = nil, _ children: [Element] = []
    ) -> Element {
        Element(name, namespace: Self.namespace, ["node": node, "jid": address?.description], children)
    }

    private static func wrap(_ name: String, _ form: DataForm?) -> [Element] {
        form.map { [Element(name, namespace: Self.namespace, [:], [$0.element])] } ?? []
    }
}

extension Element {
    /// The name of a node; an empty one is none.
    var node: String? {
        let node = self[attribute: "node"]
        return node == "" ? nil : node
    }

    /// The form inside; nil if there is none.
    func form() throws(PayloadError) -> DataForm? {
        try self.firstChild(DataForm.self)
    }

    func items(_ name: String) throws(PayloadError) -> [PubSubItem] {
        try self.entries(name, PubSubItem.init(parsing:))
    }

    func entries<Entry>(
        _ name: String, _ read: (Element) throws(PayloadError) -> Entry
    ) throws(PayloadError) -> [Entry] {
        var entries: [Entry] = []
        for child in self.children(name) { entries.append(try read(child)) }
        return entries
    }

    fileprivate func mostItems() throws(PayloadError) -> Int? {
        guard let text = self[attribute: "max_items"] else { return nil }
        guard let number = Int(text), number > 0 else {
            throw PayloadError("max_items of <items/> is no positive number")
        }
        return number
    }
}
