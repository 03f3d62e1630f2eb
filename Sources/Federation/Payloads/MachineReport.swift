package import CloudModel
package import XML
package import XMPP

/// A machine's new state, pushed by its site to the holder as an IQ set: `<machine-report/>`.
///
/// Sent on each change, and again until the holder has acknowledged it with an empty result. The report with the latest
/// `changed` holds; a `MachineQuery` fetches what was missed.
package struct MachineReport: Payload {
    package static let elementName = "machine-report"
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
