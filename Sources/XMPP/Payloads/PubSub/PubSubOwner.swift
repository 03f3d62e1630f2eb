package import XML

/// What the owner of a node asks of a service, and its answers (XEP-0060 §8).
package struct PubSubOwner: Payload {
    package static let elementName = "pubsub"
    package static let namespace = Namespace.pubSubOwner

    package enum Content: Hashable, Sendable {
        /// §8.2: to ask for the configuration without a form, to set it with one.
        case configure(node: String?, form: DataForm?)
        /// §8.3.
        case defaultConfiguration(form: DataForm?)
        /// §8.4, with where the node's subscribers are sent.
        case delete(node: String?, redirect: String?)
        /// §8.5.
        case purge(node: String?)
        /// §8.8.
        case subscriptions(node: String?, [PubSubSubscription])
        /// §8.9.
        case affiliations(node: String?, [PubSubAffiliation.Entry])
    }

    package var content: Content

    package init(_ content: Content) {
        self.content = content
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        for child in element.elements where child.namespace == Self.namespace {
            if let content = try Self.content(child) {
                self.content = content
                return
            }
        }
        throw PayloadError("<pubsub/> holds nothing that is known here")
    }

    private static func content(_ child: Element) throws(PayloadError) -> Content? {
        let node = child.node
        switch child.name {
        case "configure": return .configure(node: node, form: try child.form())
        case "default": return .defaultConfiguration(form: try child.form())
        case "delete":
            return .delete(node: node, redirect: child.child("redirect")?[attribute: "uri"])
        case "purge": return .purge(node: node)
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
        let child: Element
        switch self.content {
        case .configure(let node, let form):
            child = Self.make("configure", node, form.map { [$0.element] } ?? [])
        case .defaultConfiguration(let form):
            child = Self.make("default", nil, form.map { [$0.element] } ?? [])
        case .delete(let node, let redirect):
            let redirects = redirect.map { Element("redirect", namespace: Self.namespace, ["uri": $0]) }
            child = Self.make("delete", node, redirects.map { [$0] } ?? [])
        case .purge(let node): child = Self.make("purge", node, [])
        case .subscriptions(let node, let entries):
            child = Self.make("subscriptions", node, entries.map { $0.element(in: Self.namespace) })
        case .affiliations(let node, let entries):
            child = Self.make("affiliations", node, entries.map { $0.element(in: Self.namespace) })
        }
        return Element(Self.elementName, namespace: Self.namespace, [:], [child])
    }

    private static func make(_ name: String, _ node: String?, _ children: [Element]) -> Element {
        Element(name, namespace: Self.namespace, ["node": node], children)
    }
}
