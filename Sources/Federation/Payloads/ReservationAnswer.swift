package import CloudModel
package import XML
package import XMPP

/// A reservation as it stands at its site now: `<reservation-answer/>`.
package struct ReservationAnswer: Payload {
    package static let elementName = "reservation-answer"
    package static let namespace = Namespace.federation

    package let reservation: Reservation

    package init(reservation: Reservation) {
        self.reservation = reservation
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(reservation: try Reservation(parsing: try reader.child(Reservation.elementName)))
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, [:], [self.reservation.element])
    }
}
