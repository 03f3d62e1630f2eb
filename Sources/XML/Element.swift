/// An XML element with its namespace resolved: what a stanza is made of.
///
/// Prefixes do not survive parsing; the printer declares namespaces where they change. Two elements are equal if
/// names, namespaces, attributes (in order) and children are.
package struct Element: Hashable, Sendable {
    package struct Attribute: Hashable, Sendable {
        package var name: String
        package var value: String
        /// Nil for the empty namespace, which nearly all attributes have: they do without a third string.
        private var named: NamedNamespace?

        /// Empty for an unprefixed attribute; `http://www.w3.org/XML/1998/namespace` for `xml:lang`.
        package var namespace: String {
            get { self.named?.name ?? "" }
            set { self.named = newValue.isEmpty ? nil : NamedNamespace(newValue) }
        }

        package init(name: String, namespace: String = "", value: String) {
            self.name = name
            self.value = value
            self.named = namespace.isEmpty ? nil : NamedNamespace(namespace)
        }
    }

    /// A namespace that is not the empty one.
    private final class NamedNamespace: Hashable, Sendable {
        let name: String

        init(_ name: String) { self.name = name }

        static func == (left: NamedNamespace, right: NamedNamespace) -> Bool { left.name == right.name }

        func hash(into hasher: inout Hasher) { hasher.combine(self.name) }
    }

    package enum Node: Hashable, Sendable {
        case element(Element)
        /// Character data with references already resolved.
        case text(String)
    }

    package var name: String
    package var namespace: String
    package var attributes: [Attribute]
    private var content: Content

    /// What is between the tags, in the one form that stands for it.
    ///
    /// Most elements hold a text and nothing else: they do without an array.
    private enum Content: Hashable, Sendable {
        case text(String)
        case nodes([Node])

        init(_ nodes: [Node]) {
            if nodes.count == 1, case .text(let text) = nodes[0] {
                self = .text(text)
            } else {
                self = .nodes(nodes)
            }
        }
    }

    package init(_ name: String, namespace: String, attributes: [Attribute] = [], children: [Node] = []) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.content = Content(children)
    }

    /// An element that holds elements; attributes whose value is nil are left out.
    package init(
        _ name: String, namespace: String, _ attributes: KeyValuePairs<String, String?>,
        _ elements: [Element] = []
    ) {
        self.init(
            name, namespace: namespace,
            attributes: attributes.compactMap { name, value in value.map { Attribute(name: name, value: $0) }
            },
            children: elements.map(Node.element))
    }

    /// An element that holds text only.
    package init(_ name: String, namespace: String, text: String) {
        self.init(name, namespace: namespace)
        if !text.isEmpty { self.content = .text(text) }
    }

    /// An element that holds text only, the empty one included.
    init(_ name: String, namespace: String, attributes: [Attribute], onlyText: String) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.content = .text(onlyText)
    }

    /// What is between the tags, in document order.
    package var children: [Node] {
        get {
            switch self.content {
            case .text(let text): [.text(text)]
            case .nodes(let nodes): nodes
            }
        }
        set {
            self.content = Content(newValue)
        }
    }

    /// The value of the unprefixed attribute `name`; setting nil removes it.
    package subscript(attribute name: String) -> String? {
        get {
            self.attributes.first { $0.name == name && $0.namespace.isEmpty }?.value
        }
        set {
            let index = self.attributes.firstIndex { $0.name == name && $0.namespace.isEmpty }
            switch (index, newValue) {
            case (.some(let index), .some(let value)): self.attributes[index].value = value
            case (.some(let index), .none): self.attributes.remove(at: index)
            case (.none, .some(let value)): self.attributes.append(Attribute(name: name, value: value))
            case (.none, .none): break
            }
        }
    }

    /// The child elements, in document order.
    package var elements: [Element] {
        switch self.content {
        case .text: []
        case .nodes(let nodes):
            nodes.compactMap { node in
                switch node {
                case .element(let element): element
                case .text: nil
                }
            }
        }
    }

    /// The character data directly inside, joined.
    package var text: String {
        switch self.content {
        case .text(let text): text
        case .nodes(let nodes):
            nodes.reduce(into: "") { text, node in
                if case .text(let part) = node { text += part }
            }
        }
    }

    /// Whether the qualified name is `name` in `namespace`.
    package func matches(_ name: String, _ namespace: String) -> Bool {
        self.name == name && self.namespace == namespace
    }

    /// The first child element of that name; the parent's namespace unless another is given.
    package func child(_ name: String, namespace: String? = nil) -> Element? {
        guard case .nodes(let nodes) = self.content else { return nil }
        let namespace = namespace ?? self.namespace
        for case .element(let element) in nodes where element.matches(name, namespace) {
            return element
        }
        return nil
    }

    /// All child elements of that name; the parent's namespace unless another is given.
    package func children(_ name: String, namespace: String? = nil) -> [Element] {
        let namespace = namespace ?? self.namespace
        return self.elements.filter { $0.matches(name, namespace) }
    }

    package mutating func append(_ element: Element) {
        switch self.content {
        case .text(let text):
            self.content = .nodes([.text(text), .element(element)])
        case .nodes(var nodes):
            // Given up meanwhile, so that the array has one owner and grows in place.
            self.content = .nodes([])
            nodes.append(.element(element))
            self.content = Content(nodes)
        }
    }
}
