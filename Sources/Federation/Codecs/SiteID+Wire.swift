import CloudModel
import XMPP

extension ElementReader {
    /// The address of a site: a bare JID.
    func site(_ name: String) throws(PayloadError) -> SiteID {
        let text = try self.text(name, atMost: WireLimits.address)
        let isForeign = { (byte: UInt8) in
            byte <= UInt8(ascii: " ") || byte == UInt8(ascii: "/")
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        }
        guard !text.isEmpty, !text.utf8.contains(where: isForeign) else {
            throw self.wrong(name, text, "a bare JID such as paris.example")
        }
        return SiteID(text)
    }
}
