package import CloudModel
package import XML
package import XMPP

/// Asks a site for the state of a reservation: `<reservation-query/>`, how a requester finds out after a time-out.
///
/// Answered with `ReservationAnswer`, or `item-not-found` if the site never granted that id.
package struct ReservationQuery: Payload {
    package static let elementName = "reservation-query"
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
