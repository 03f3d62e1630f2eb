package import CloudModel
package import XML
package import XMPP

/// The machine that a commitment made: `<machine-answer/>`.
///
/// The machine may still be `creating`; each later state arrives as a `MachineReport`.
package struct MachineAnswer: Payload {
    package static let elementName = "machine-answer"
    package static let namespace = Namespace.federation

    package let machine: Machine

    package init(machine: Machine) {
        self.machine = machine
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(machine: try Machine(parsing: try reader.child(Machine.elementName)))
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, [:], [self.machine.element])
    }
}
