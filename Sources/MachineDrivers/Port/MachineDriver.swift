package import CloudModel

/// A way to run machines on one or more hosts: the port between a site and its hypervisors.
///
/// A driver keeps no wishes, only what is: it can be dropped and made again at any moment, and the machines go on.
/// Calls may be repeated: one that finds its work done throws `alreadyExists` or `invalidState`, never does it twice.
package protocol MachineDriver: Sendable {
    /// What this driver can do beyond the obvious; a test or a face asks before it counts on it.
    var abilities: DriverAbilities { get }

    /// The hosts, with their load as measured now.
    func hosts() async throws(DriverError) -> [Host]

    /// Every machine on the hosts, those that are not ours included.
    func machines() async throws(DriverError) -> [DriverMachine]

    /// The machine as the hypervisor has it now.
    func machine(_ id: MachineID) async throws(DriverError) -> DriverMachine

    /// Makes disk and definition; the machine is then `stopped`. What was half made is removed if it fails.
    func create(
        _ definition: MachineDefinition, from image: PreparedImage, on host: String
    ) async throws(DriverError)

    /// Boots a stopped machine. Returns once its process runs, long before the guest is ready.
    func start(_ id: MachineID) async throws(DriverError)

    /// Presses the power button (ACPI). Returns at once; the guest decides when, and whether, it stops.
    func shutdown(_ id: MachineID) async throws(DriverError)

    /// Restarts the guest in place: the machine keeps running.
    func reboot(_ id: MachineID) async throws(DriverError)

    /// Pulls the plug.
    func forceOff(_ id: MachineID) async throws(DriverError)

    func suspend(_ id: MachineID) async throws(DriverError)

    func resume(_ id: MachineID) async throws(DriverError)

    /// Forces the machine off and removes definition, disk and console log.
    func delete(_ id: MachineID) async throws(DriverError)

    /// The end of what the machine has written to its serial console, at most `limit` bytes.
    func console(_ id: MachineID, limit: Int) async throws(DriverError) -> ConsoleTail

    /// What happens from now on.
    ///
    /// Each subscriber has a buffer of `DriverEvents.capacity` events; when it overflows the oldest are dropped and
    /// `resynchronize` follows, so nothing is lost in silence.
    func events() -> AsyncStream<DriverEvent>

    /// Keeps the connection up until cancelled.
    ///
    /// While the hypervisor is out of reach every call throws `unavailable`.
    func run() async throws
}
