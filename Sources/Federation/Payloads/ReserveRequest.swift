package import CloudModel
package import XML
package import XMPP

/// Asks a site to hold capacity for one machine: `<reserve/>`, the first of the two steps of a placement.
///
/// Idempotent: the id is the requester's, and asking again with the same id and content answers with the same
/// reservation. The same id with another content is a `conflict`.
package struct ReserveRequest: Payload {
    package static let elementName = "reserve"
    package static let namespace = Namespace.federation

    package let id: ReservationID
    package let specification: MachineSpecification
    package let replica: ReplicaReference?
    /// How long to hold, from the moment the site decides; the site may hold for less and says so in `expires`.
    package let holdFor: Duration

    package init(
        id: ReservationID, specification: MachineSpecification, replica: ReplicaReference?, holdFor: Duration
    ) {
        self.id = id
        self.specification = specification
        self.replica = replica
        self.holdFor = holdFor
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            id: try reader.identifier("id"),
            specification: try MachineSpecification(
                parsing: try reader.child(MachineSpecification.elementName)),
            replica: try ReplicaReference.optional(in: reader),
            holdFor: .milliseconds(try reader.integer("hold-ms", in: 1...WireLimits.holdMilliseconds)))
    }

    package var element: Element {
        var element = Element(
            Self.elementName, namespace: Self.namespace,
            ["id": self.id.description, "hold-ms": String(self.holdFor.wholeMilliseconds)],
            [self.specification.element])
        if let replica { element.append(replica.element) }
        return element
    }
}
