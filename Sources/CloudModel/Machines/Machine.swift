/// A virtual machine at a site.
package struct Machine: Hashable, Codable, Sendable {
    package let id: MachineID
    package let site: SiteID
    package var specification: MachineSpecification
    package var state: MachineState
    /// Why the machine is in `state`, when there is something to say: `image checksum differs`, `process killed`.
    package var reason: String?
    /// Why it is not to run, if somebody stopped it; nil for a machine that runs, and for one that ended by itself.
    package var halt: Halt?
    /// The replica it embodies, if a coordinator placed it.
    package var replica: ReplicaReference?
    package var created: Instant
    package var changed: Instant

    package init(
        id: MachineID, site: SiteID, specification: MachineSpecification, state: MachineState,
        reason: String? = nil, halt: Halt? = nil, replica: ReplicaReference? = nil, created: Instant,
        changed: Instant
    ) {
        self.id = id
        self.site = site
        self.specification = specification
        self.state = state
        self.reason = reason
        self.halt = halt
        self.replica = replica
        self.created = created
        self.changed = changed
    }
}
