package import CloudModel
package import XML
package import XMPP

/// Asks a site to start a machine again that ended by itself: `<restart/>`.
///
/// Idempotent: a machine that runs, or is on its way to, is left alone. Answered with the machine as it is then. Only
/// the holder may ask; a machine that somebody stopped on purpose is not started, nor one of another epoch.
package struct RestartRequest: Payload {
    package static let elementName = "restart"
    package static let namespace = Namespace.federation

    package let machine: MachineID
    /// What the machine must be.
    package let replica: ReplicaReference

    package init(machine: MachineID, replica: ReplicaReference) {
        self.machine = machine
        self.replica = replica
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            machine: try reader.identifier("machine"),
            replica: try ReplicaReference(parsing: try reader.child(ReplicaReference.elementName)))
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["machine": self.machine.description],
            [self.replica.element])
    }
}
