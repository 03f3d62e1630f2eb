package import XML

/// What an entity is and can do (XEP-0030 §3): the question is the same element with nothing in it.
package struct DiscoInfo: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.discoInfo

    /// What an entity is, by the registry of categories and types.
    package struct Identity: Hashable, Sendable {
        package var category: String
        package var type: String
        package var name: String?
        package var language: String?

        package init(category: String, type: String, name: String? = nil, language: String? = nil) {
            self.category = category
            self.type = type
            self.name = name
            self.language = language
        }
    }

    package var node: String?
    package var identities: [Identity]
    /// Namespaces and other names of protocols.
    package var features: [String]
    /// Extended information (XEP-0128).
    package var forms: [DataForm]

    package init(
        node: String? = nil, identities: [Identity] = [], features: [String] = [], forms: [DataForm] = []
    ) {
        self.node = node
        self.identities = identities
        self.features = features
        self.forms = forms
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.node = element[attribute: "node"]
        self.identities = []
        for child in element.children("identity") {
            self.identities.append(
                Identity(
                    category: try child.requiredAttribute("category"),
                    type: try child.requiredAttribute("type"),
                    name: child[attribute: "name"], language: child.language))
        }
        self.features = []
        for child in element.children("feature") {
            self.features.append(try child.requiredAttribute("var"))
        }
        self.forms = []
        for child in element.elements where DataForm.matches(child) {
            self.forms.append(try DataForm(parsing: child))
        }
    }

    package var element: Element {
        let identities = self.identities.map { identity in
            var element = Element(
                "identity", namespace: Self.namespace,
                ["category": identity.category, "type": identity.type, "name": identity.name])
            element.language = identity.language
            return element
        }
        let features = self.features.map { Element("feature", namespace: Self.namespace, ["var": $0]) }
        return Element(
            Self.elementName, namespace: Self.namespace, ["node": self.node],
            identities + features + self.forms.map(\.element))
    }
}
