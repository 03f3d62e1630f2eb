package import CloudModel

/// What one step of the site's ledger changed; written in one transaction or not at all.
package struct SiteChanges: Hashable, Sendable {
    package var machines: [MachineID: SiteMachine]
    package var reservations: [ReservationID: SiteReservation]
    package var forgottenMachines: Set<MachineID>
    package var forgottenReservations: Set<ReservationID>
    package var policy: AdmissionPolicy?
    /// Leases that were renewed.
    package var leases: [MachineID: SiteLease] = [:]
    /// Machines whose leases are over for good.
    package var forgottenLeases: Set<MachineID> = []

    package init(
        machines: [MachineID: SiteMachine] = [:], reservations: [ReservationID: SiteReservation] = [:],
        forgottenMachines: Set<MachineID> = [], forgottenReservations: Set<ReservationID> = [],
        policy: AdmissionPolicy? = nil
    ) {
        self.machines = machines
        self.reservations = reservations
        self.forgottenMachines = forgottenMachines
        self.forgottenReservations = forgottenReservations
        self.policy = policy
    }

    package var isEmpty: Bool {
        self.machines.isEmpty && self.reservations.isEmpty && self.forgottenMachines.isEmpty
            && self.forgottenReservations.isEmpty && self.policy == nil && self.leases.isEmpty
            && self.forgottenLeases.isEmpty
    }
}
