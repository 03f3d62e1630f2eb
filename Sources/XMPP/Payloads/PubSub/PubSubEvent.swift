package import XML

/// What a service tells the subscribers of a node (XEP-0060 §7.1.2, §7.2.2, §8).
package struct PubSubEvent: Payload {
    package static let elementName = "event"
    package static let namespace = Namespace.pubSubEvent

    package enum Content: Hashable, Sendable {
        case items(node: String, [PubSubItem])
        /// Ids of items that are gone.
        case retracted(node: String, [String])
        case purged(node: String)
        case deleted(node: String, redirect: String?)
        /// With the new configuration, if the node sends payloads.
        case configured(node: String, form: DataForm?)
        case subscription(PubSubSubscription)
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
        throw PayloadError("<event/> holds nothing that is known here")
    }

    private static func content(_ child: Element) throws(PayloadError) -> Content? {
        switch child.name {
        case "items":
            let node = try child.requiredAttribute("node")
            let retracted = child.children("retract")
            if let first = retracted.first {
                var ids = [try first.requiredAttribute("id")]
                for other in retracted.dropFirst() { ids.append(try other.requiredAttribute("id")) }
                return .retracted(node: node, ids)
            }
            return .items(node: node, try child.items("item"))
        case "purge": return .purged(node: try child.requiredAttribute("node"))
        case "delete":
            return .deleted(
                node: try child.requiredAttribute("node"),
                redirect: child.child("redirect")?[attribute: "uri"])
        case "configuration":
            return .configured(node: try child.requiredAttribute("node"), form: try child.form())
        case "subscription": return .subscription(try PubSubSubscription(parsing: child))
        case _: return nil
        }
    }

    package var element: Element {
        let child: Element
        switch self.content {
        case .items(let node, let items):
            child = Self.make("items", node, items.map { $0.element(in: Self.namespace) })
        case .retracted(let node, let ids):
            child = Self.make(
                "items", node, ids.map { Element("retract", namespace: Self.namespace, ["id": $0]) })
        case .purged(let node): child = Self.make("purge", node, [])
        case .deleted(let node, let redirect):
            let redirects = redirect.map { Element("redirect", namespace: Self.namespace, ["uri": $0]) }
            child = Self.make("delete", node, redirects.map { [$0] } ?? [])
        case .configured(let node, let form):
            child = Self.make("configuration", node, form.map { [$0.element] } ?? [])
        case .subscription(let subscription): child = subscription.element(in: Self.namespace)
        }
        return Element(Self.elementName, namespace: Self.namespace, [:], [child])
    }

    private static func make(_ name: String, _ node: String, _ children: [Element]) -> Element {
        Element(name, namespace: Self.namespace, ["node": node], children)
    }
}
