package import CloudModel

/// Something that happened to a machine, or to our sight of them.
package enum DriverEvent: Hashable, Sendable {
    case changed(MachineID, MachineState, reason: String?)
    /// The definition is gone.
    case removed(MachineID)
    /// The hypervisor cannot be reached: what is known of its machines may be stale.
    case unavailable(reason: String)
    /// Events may have been missed: list the machines anew.
    case resynchronize
}
