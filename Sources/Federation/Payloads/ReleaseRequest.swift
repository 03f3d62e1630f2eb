package import CloudModel
package import XML
package import XMPP

/// Gives a reservation back before it expires: `<release/>`.
///
/// Idempotent. A committed reservation stays committed and the answer says so; its machine is deleted, not released.
package struct ReleaseRequest: Payload {
    package static let elementName = "release"
    package static let namespace = Namespace.federation

    package let id: ReservationID

    package init(id: ReservationID) {
        self.id = id
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(id: try reader.identifier("id"))
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, ["id": self.id.description])
    }
}
