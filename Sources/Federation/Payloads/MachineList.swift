package import CloudModel
package import XML
package import XMPP

/// The machines a `MachineQuery` asked for, in order of their ids: `<machine-list/>`.
///
/// At most `WireLimits.machinesPerList`, so that an answer fits a stanza.
package struct MachineList: Payload {
    package static let elementName = "machine-list"
    package static let namespace = Namespace.federation

    package let machines: [Machine]
    /// False if more follow: ask again with `after` set to the last id.
    package let isComplete: Bool

    package init(machines: [Machine], isComplete: Bool = true) {
        self.machines = machines
        self.isComplete = isComplete
    }

    /// The part of `machines` that answers `query`.
    package init(of machines: some Sequence<Machine>, answering query: MachineQuery) {
        let wanted = machines.filter { machine in
            (query.workload == nil || machine.replica?.workload == query.workload)
                && (query.after.map { machine.id > $0 } ?? true)
        }.sorted { $0.id < $1.id }
        self.init(
            machines: Array(wanted.prefix(WireLimits.machinesPerList)),
            isComplete: wanted.count <= WireLimits.machinesPerList)
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        var machines: [Machine] = []
        for child in try reader.children(Machine.elementName, atMost: WireLimits.machinesPerList) {
            machines.append(try Machine(parsing: child))
        }
        let isComplete = try reader.flag("complete")
        guard isComplete || !machines.isEmpty else {
            throw PayloadError("<machine-list/> is incomplete and empty: nothing to continue after")
        }
        self.init(machines: machines, isComplete: isComplete)
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["complete": self.isComplete ? "true" : "false"],
            self.machines.map(\.element))
    }
}
