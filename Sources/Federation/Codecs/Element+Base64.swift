import Cryptography
import Gossip
import XML
import XMPP

extension Element {
    /// An element of our namespace that holds bytes in Base64.
    static func base64(_ name: String, _ bytes: [UInt8]) -> Element {
        Element(name, namespace: Namespace.federation, text: Base64.encode(bytes))
    }
}

extension ElementReader {
    /// The site key in the child `<key/>`.
    func key() throws(PayloadError) -> SiteKey {
        guard let key = SiteKey(bytes: try self.bytes(in: "key", atMost: SiteKey.length)) else {
            throw PayloadError("<key/> in <\(self.element.name)/> is not \(SiteKey.length) bytes")
        }
        return key
    }
}
