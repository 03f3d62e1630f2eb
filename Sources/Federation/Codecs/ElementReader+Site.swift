import CloudModel
import XMPP

extension ElementReader {
    /// The address of a site: a bare JID, prepared on reading.
    func site(_ name: String) throws(PayloadError) -> SiteID {
        let text = try self.text(name, atMost: WireLimits.address)
        do {
            return try SiteID(preparing: text)
        } catch {
            throw self.wrong(name, text, "a bare JID such as paris.example")
        }
    }
}
