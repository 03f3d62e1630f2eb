package import XML

/// A short name for what an entity can do, broadcast with its presence (XEP-0115 §4).
package struct EntityCapabilities: Payload {
    package static let elementName = "c"
    package static let namespace = Namespace.capabilities

    /// The algorithm of `version`, by its name in the registry of hash functions.
    package var hash: String
    /// Which program it is, a URI.
    package var node: String
    /// The hash over what service discovery would answer.
    package var version: String

    package init(hash: String, node: String, version: String) {
        self.hash = hash
        self.node = node
        self.version = version
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.hash = try element.requiredAttribute("hash")
        self.node = try element.requiredAttribute("node")
        self.version = try element.requiredAttribute("ver")
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            ["hash": self.hash, "node": self.node, "ver": self.version])
    }

    /// The node to ask for what lies behind the hash (XEP-0115 §6.2).
    package var discoveryNode: String { "\(self.node)#\(self.version)" }
}
