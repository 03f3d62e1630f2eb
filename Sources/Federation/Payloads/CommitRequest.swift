package import CloudModel
package import XML
package import XMPP

/// Turns a reservation into its machine: `<commit/>`, the second of the two steps of a placement.
///
/// Idempotent: committing again answers with the same machine. Only the holder may commit.
package struct CommitRequest: Payload {
    package static let elementName = "commit"
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
