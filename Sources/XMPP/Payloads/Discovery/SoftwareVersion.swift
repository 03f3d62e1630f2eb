package import XML

/// Which software answers (XEP-0092): the question is the same element with nothing in it.
package struct SoftwareVersion: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.version

    package var name: String?
    package var version: String?
    package var operatingSystem: String?

    package init(name: String? = nil, version: String? = nil, operatingSystem: String? = nil) {
        self.name = name
        self.version = version
        self.operatingSystem = operatingSystem
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.name = element.child("name")?.text
        self.version = element.child("version")?.text
        self.operatingSystem = element.child("os")?.text
    }

    package var element: Element {
        let parts = [("name", self.name), ("version", self.version), ("os", self.operatingSystem)]
        return Element(
            Self.elementName, namespace: Self.namespace, [:],
            parts.compactMap { name, text in
                text.map { Element(name, namespace: Self.namespace, text: $0) }
            })
    }
}
