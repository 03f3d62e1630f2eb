package import CloudModel
package import XML
package import XMPP

/// Asks a site for the machines that the asker holds there: `<machine-query/>`.
package struct MachineQuery: Payload {
    package static let elementName = "machine-query"
    package static let namespace = Namespace.federation

    /// Only the machines of this workload; nil for all.
    package let workload: WorkloadID?
    /// Only machines whose id is greater: the last one of an incomplete `MachineList`.
    package let after: MachineID?

    package init(workload: WorkloadID?, after: MachineID? = nil) {
        self.workload = workload
        self.after = after
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            workload: try reader.optionalIdentifier("workload"), after: try reader.optionalIdentifier("after")
        )
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            ["workload": self.workload?.description, "after": self.after?.description])
    }
}
