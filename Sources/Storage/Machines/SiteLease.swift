package import CloudModel

/// How long a machine may run, by the clock of the computer that its agent runs on.
package struct SiteLease: Hashable, Sendable {
    package let machine: MachineID
    package let ends: Uptime

    package init(machine: MachineID, ends: Uptime) {
        self.machine = machine
        self.ends = ends
    }
}
