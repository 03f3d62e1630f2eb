import XML

/// Moves stanza-level elements between the namespace of a stream and the one used inside the process.
///
/// On the wire a stanza and its own children (`body`, `show`, `error`…) are in the content namespace of the
/// stream: `jabber:client`, `jabber:server` or `jabber:component:accept`. Inside the process they are always
/// in `jabber:client`, so that nobody above the codec asks which kind of stream a stanza came by. Only
/// elements reached through elements of the content namespace are moved: a stanza forwarded inside a payload
/// keeps its namespace.
///
/// What is there in one of the other content namespaces is dropped. It means nothing on the stream it came by, but
/// would become the stanza's own body or subject on the next one, where nobody has looked at it.
enum StanzaNamespace {
    /// Whether stanzas of a stream may be in this namespace.
    static func isContentNamespace(_ namespace: String) -> Bool {
        switch namespace {
        case Namespace.client, Namespace.server, Namespace.component: true
        default: false
        }
    }

    /// The children with `source` replaced by `target`, without those of other content namespaces.
    static func moved(_ children: [Element], from source: String, to target: String) -> [Element] {
        // Nearly every stanza of a client stays as it is.
        if source == target, !children.contains(where: { Self.hasStranger($0, in: source) }) {
            return children
        }
        return children.compactMap { Self.moved($0, from: source, to: target) }
    }

    /// Nil for an element of another content namespace.
    private static func moved(_ element: Element, from source: String, to target: String) -> Element? {
        guard element.namespace == source else {
            return Self.isContentNamespace(element.namespace) ? nil : element
        }
        var element = element
        element.namespace = target
        element.children = element.children.compactMap { node in
            switch node {
            case .element(let child): Self.moved(child, from: source, to: target).map(Element.Node.element)
            case .text: node
            }
        }
        return element
    }

    /// Whether the element or one reached through elements of `source` is of another content namespace.
    private static func hasStranger(_ element: Element, in source: String) -> Bool {
        guard element.namespace == source else { return Self.isContentNamespace(element.namespace) }
        return element.children.contains { node in
            if case .element(let child) = node { Self.hasStranger(child, in: source) } else { false }
        }
    }
}
