package import CloudModel
package import XML
package import XMPP

/// Asks for the newest row of `origin`: `<row-request/>`, answered with a `RowEnvelope` or `item-not-found`.
///
/// Sent to the owner itself after a bad row, on joining and on return; any member may be asked for any row it holds.
package struct RowRequest: Payload {
    package static let elementName = "row-request"
    package static let namespace = Namespace.federation

    package let origin: SiteID

    package init(origin: SiteID) {
        self.origin = origin
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(origin: try reader.site("origin"))
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, ["origin": self.origin.address])
    }
}
