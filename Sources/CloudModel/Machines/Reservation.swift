/// A hold on capacity, kept by the site until it is committed, released or expires.
package struct Reservation: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable {
        case held
        /// Turned into the machine of the same number.
        case committed
        case released
        case expired
    }

    /// Chosen by the requester: asking again with the same id answers with the same reservation.
    package let id: ReservationID
    /// The address that asked; only it (or the site's own admins) may commit or release.
    package let holder: SiteID
    package let specification: MachineSpecification
    package let replica: ReplicaReference?
    package let expires: Instant
    package var state: State
    package var machine: MachineID?

    package init(
        id: ReservationID, holder: SiteID, specification: MachineSpecification, replica: ReplicaReference?,
        expires: Instant, state: State = .held, machine: MachineID? = nil
    ) {
        self.id = id
        self.holder = holder
        self.specification = specification
        self.replica = replica
        self.expires = expires
        self.state = state
        self.machine = machine
    }
}
