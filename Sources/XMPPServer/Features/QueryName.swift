import XML
package import XMPP

/// What an IQ request is about, the key under which features register their handlers: its kind and the qualified name of
/// its child.
package struct QueryName: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case get
        case set
    }

    package let kind: Kind
    package let name: String
    package let namespace: String

    package init(_ kind: Kind, _ name: String, _ namespace: String) {
        self.kind = kind
        self.name = name
        self.namespace = namespace
    }

    package static func get(_ payload: (some Payload).Type) -> Self {
        Self(.get, payload.elementName, payload.namespace)
    }

    package static func set(_ payload: (some Payload).Type) -> Self {
        Self(.set, payload.elementName, payload.namespace)
    }

    /// Nil for an answer.
    package init?(_ body: IQ.Body) {
        switch body {
        case .get(let element): self.init(.get, element.name, element.namespace)
        case .set(let element): self.init(.set, element.name, element.namespace)
        case .result, .error: return nil
        }
    }
}
