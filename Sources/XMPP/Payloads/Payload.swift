package import XML

/// One extension element as a typed value: the only place where its attributes are read or written.
package protocol Payload: Hashable, Sendable {
    static var elementName: String { get }
    static var namespace: String { get }

    /// Reads the element; unknown children and attributes are ignored (RFC 6120 §8.4).
    init(parsing element: Element) throws(PayloadError)

    var element: Element { get }
}

extension Payload {
    /// Whether `element` has this payload's qualified name.
    package static func matches(_ element: Element) -> Bool {
        element.matches(Self.elementName, Self.namespace)
    }
}

/// Why an element is not the payload it claims to be.
///
/// Turned into `bad-request` for whoever sent it.
package struct PayloadError: Error, Hashable, Sendable {
    /// What was expected and missing or wrong, fit to be shown to the sender.
    package let problem: String

    package init(_ problem: String) {
        self.problem = problem
    }
}
