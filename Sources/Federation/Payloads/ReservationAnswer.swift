package import CloudModel
package import XML
package import XMPP

/// A reservation as it stands at its site now: `<reservation-answer/>`.
package struct ReservationAnswer: Payload {
    package static let elementName = "reservation-answer"
    package static let namespace = Namespace.federation

    package let reservation: Reservation
    /// How many changes the site had counted when it answered: its capacity shows the reservation if it has counted as
    /// many; nil from sites that do not tell.
    package let generation: Int?

    package init(reservation: Reservation, generation: Int? = nil) {
        self.reservation = reservation
        self.generation = generation
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            reservation: try Reservation(parsing: try reader.child(Reservation.elementName)),
            generation: try element[attribute: "generation"] == nil
                ? nil : reader.integer("generation", in: 0...Int.max))
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            ["generation": self.generation.map { String($0) }], [self.reservation.element])
    }
}
