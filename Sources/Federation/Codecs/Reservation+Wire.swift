package import CloudModel
package import XML
package import XMPP

/// `<reservation/>`: a hold as the site that keeps it sees it.
extension Reservation: Payload {
    package static let elementName = "reservation"
    package static let namespace = Namespace.federation

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        guard let state = State(rawValue: try reader.text("state")) else {
            throw PayloadError("'state' of <reservation/> must be held, committed, released or expired")
        }
        self.init(
            id: try reader.identifier("id"), holder: try reader.site("holder"),
            specification: try MachineSpecification(
                parsing: try reader.child(MachineSpecification.elementName)),
            replica: try ReplicaReference.optional(in: reader),
            expires: try reader.instant("expires-unix-ms"),
            state: state, machine: try reader.optionalIdentifier("machine"))
    }

    package var element: Element {
        var element = Element(
            Self.elementName, namespace: Self.namespace,
            [
                "id": self.id.description, "holder": self.holder.address, "state": self.state.rawValue,
                "expires-unix-ms": String(self.expires.millisecondsSinceEpoch),
                "machine": self.machine?.description,
            ],
            [self.specification.element])
        if let replica { element.append(replica.element) }
        return element
    }
}
