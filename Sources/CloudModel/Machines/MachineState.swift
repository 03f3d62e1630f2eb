/// What a machine is doing, as its site's hypervisor reports it.
package enum MachineState: String, Hashable, Codable, Sendable, CaseIterable {
    /// Accepted; its disk and definition are being made.
    case creating
    case starting
    case running
    case suspended
    /// Asked to shut down; the guest has not stopped yet.
    case stopping
    case stopped
    /// It ended by itself, not by command: the guest crashed or its process was killed.
    case failed
    /// Deleted: neither definition nor disk remain.
    case deleted
}
