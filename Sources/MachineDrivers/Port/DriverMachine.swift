package import CloudModel

/// A machine as its hypervisor reports it.
package struct DriverMachine: Hashable, Sendable {
    package let id: MachineID
    /// The name on the hypervisor.
    package let name: String
    package let host: String
    package var state: MachineState
    /// Why it is in that state, where the hypervisor says so.
    package var reason: String?
    package let resources: Resources
    /// What it was made from; nil if it is not ours, and then nobody may touch it.
    package let definition: MachineDefinition?

    package init(
        id: MachineID, name: String, host: String, state: MachineState, reason: String? = nil,
        resources: Resources, definition: MachineDefinition?
    ) {
        self.id = id
        self.name = name
        self.host = host
        self.state = state
        self.reason = reason
        self.resources = resources
        self.definition = definition
    }
}
