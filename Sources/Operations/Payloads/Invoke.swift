package import CloudModel
import Cryptography
package import XML
package import XMPP

/// The request of one site to another to perform an operation (an IQ set); the answer is an `Outcome`.
///
/// The other site checks its own grants against the address that the stream has proved. `behalf` is for its
/// records only.
package struct Invoke: Payload {
    package static let elementName = "invoke"
    package static let namespace = "urn:tradewind:operation:1"

    /// The longest idempotency key, in bytes of UTF-8.
    package static let keyLimit = 128

    package let operation: String
    package let arguments: [String: Value]
    package let behalf: String?
    package let idempotencyKey: String?

    package init(operation: String, arguments: [String: Value], behalf: String?, idempotencyKey: String?) {
        self.operation = operation
        self.arguments = arguments
        self.behalf = behalf
        self.idempotencyKey = idempotencyKey
    }

    package init(parsing element: Element) throws(PayloadError) {
        guard Self.matches(element) else { throw PayloadError("expected <invoke/>") }
        guard let operation = element[attribute: "operation"], !operation.isEmpty else {
            throw PayloadError("<invoke/> needs the attribute operation")
        }
        let key = element[attribute: "key"]
        guard (key?.utf8.count ?? 0) <= Self.keyLimit else {
            throw PayloadError("the key is longer than \(Self.keyLimit) bytes")
        }
        var arguments: [String: Value] = [:]
        for child in element.children("argument") {
            guard let name = child[attribute: "name"], let inner = child.elements.first else {
                throw PayloadError("<argument/> needs the attribute name and a value")
            }
            guard arguments[name] == nil else { throw PayloadError("\(name) is given twice") }
            arguments[name] = try Value(parsing: inner)
        }
        self.init(
            operation: operation, arguments: arguments, behalf: element[attribute: "behalf"],
            idempotencyKey: key)
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            ["operation": self.operation, "behalf": self.behalf, "key": self.idempotencyKey],
            self.arguments.sorted { $0.key < $1.key }.map { name, value in
                Element("argument", namespace: Self.namespace, ["name": name], [value.element])
            })
    }

    /// The key under which a site passes on what `caller` asked it for under `key`.
    ///
    /// The other site sees this site as the caller of all its users, so two of them who chose the same key must not meet
    /// there. Never longer than `keyLimit`.
    package static func forwardedKey(_ key: String, of caller: GrantBook.Caller) -> String {
        let digest = HashFunction.sha256.digest(of: Array("\(caller.address)\n\(key)".utf8))
        return Hexadecimal.encode(digest)
    }

    /// The invocation that this asks for when `caller` sends it.
    package func invocation(by caller: GrantBook.Caller) -> Invocation {
        Invocation(
            operation: self.operation, arguments: self.arguments, caller: caller,
            idempotencyKey: self.idempotencyKey, behalf: self.behalf)
    }
}
