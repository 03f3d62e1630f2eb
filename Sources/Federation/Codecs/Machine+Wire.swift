package import CloudModel
package import XML
package import XMPP

/// `<machine/>`: a machine as its site sees it.
extension Machine: Payload {
    package static let elementName = "machine"
    package static let namespace = Namespace.federation

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            id: try reader.identifier("id"), site: try reader.site("site"),
            specification: try MachineSpecification(
                parsing: try reader.child(MachineSpecification.elementName)),
            state: try reader.choice("state"), reason: try reader.childText("reason"),
            // A reason that a later release knows: left alone, as whatever it is somebody meant it.
            halt: try reader.optionalText("halt").map { Halt(rawValue: $0) ?? .ordered },
            replica: try ReplicaReference.optional(in: reader),
            created: try reader.instant("created-unix-ms"),
            changed: try reader.instant("changed-unix-ms"))
    }

    package var element: Element {
        var element = Element(
            Self.elementName, namespace: Self.namespace,
            [
                "id": self.id.description, "site": self.site.address, "state": self.state.rawValue,
                "created-unix-ms": String(self.created.millisecondsSinceEpoch),
                "changed-unix-ms": String(self.changed.millisecondsSinceEpoch),
            ],
            [self.specification.element])
        if let halt { element.attributes.append(.init(name: "halt", value: halt.rawValue)) }
        if let replica { element.append(replica.element) }
        if let reason { element.append(Element("reason", namespace: Self.namespace, text: reason)) }
        return element
    }
}
