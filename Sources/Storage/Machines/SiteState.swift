package import CloudModel

/// Everything a site must not forget about its machines, as read when it starts.
package struct SiteState: Hashable, Sendable {
    package var machines: [SiteMachine]
    package var reservations: [SiteReservation]
    /// Nil until somebody has set it.
    package var policy: AdmissionPolicy?
    /// Rises with each transaction.
    package var generation: Int
    /// How long machines with a lease may run.
    package var leases: [SiteLease] = []

    package init(
        machines: [SiteMachine] = [], reservations: [SiteReservation] = [], policy: AdmissionPolicy? = nil,
        generation: Int = 0
    ) {
        self.machines = machines
        self.reservations = reservations
        self.policy = policy
        self.generation = generation
    }
}
