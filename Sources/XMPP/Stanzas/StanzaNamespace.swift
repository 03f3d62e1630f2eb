import XML

/// Moves stanza-level elements between the namespace of a stream and the one used inside the process.
///
/// On the wire a stanza and its own children (`body`, `show`, `error`…) are in the content namespace of the
/// stream: `jabber:client`, `jabber:server` or `jabber:component:accept`. Inside the process they are always
/// in `jabber:client`, so that nobody above the codec asks which kind of stream a stanza came by. Only
/// elements reached through elements of the content namespace are moved: a stanza forwarded inside a payload
/// keeps its namespace.
enum StanzaNamespace {
    /// Whether stanzas of a stream may be in this namespace.
    static func isContentNamespace(_ namespace: String) -> Bool {
        switch namespace {
        case Namespace.client, Namespace.server, Namespace.component: true
        default: false
        }
    }

    /// The children with `source` replaced by `target`.
    static func moved(_ children: [Element], from source: String, to target: String) -> [Element] {
        source == target ? children : children.map { Self.moved($0, from: source, to: target) }
    }

    private static func moved(_ element: Element, from source: String, to target: String) -> Element {
        guard element.namespace == source else { return element }
        var element = element
        element.namespace = target
        element.children = element.children.map { node in
            switch node {
            case .element(let child): .element(Self.moved(child, from: source, to: target))
            case .text: node
            }
        }
        return element
    }
}
