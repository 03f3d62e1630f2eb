import Cryptography
package import XML

/// The proof that a component knows the secret, and the server's word that it does (XEP-0114 §3).
package struct ComponentHandshake: Payload {
    package static let elementName = "handshake"
    package static let namespace = Namespace.component

    /// In hexadecimal; empty in the server's answer.
    package var digest: String

    package init(digest: String = "") {
        self.digest = digest
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.digest = element.text
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, text: self.digest)
    }

    /// The SHA-1 digest of the stream's id followed by the secret, in lower-case hexadecimal.
    package static func digest(streamID: String, secret: String) -> String {
        Hexadecimal.encode(HashFunction.sha1.digest(of: Array((streamID + secret).utf8)))
    }
}
