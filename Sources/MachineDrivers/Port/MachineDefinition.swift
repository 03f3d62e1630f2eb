package import CloudModel

/// All that is needed to make a machine, and to know it again.
///
/// The driver keeps it with the machine, so that a site that lost its database still knows its machines.
package struct MachineDefinition: Hashable, Codable, Sendable {
    package let id: MachineID
    package let site: SiteID
    /// Who may command it, beside the site's own admins.
    package let holder: SiteID
    /// The reservation it was committed from.
    package let reservation: ReservationID
    package let specification: MachineSpecification
    package let replica: ReplicaReference?
    package let created: Instant

    package init(
        id: MachineID, site: SiteID, holder: SiteID, reservation: ReservationID,
        specification: MachineSpecification, replica: ReplicaReference?, created: Instant
    ) {
        self.id = id
        self.site = site
        self.holder = holder
        self.reservation = reservation
        self.specification = specification
        self.replica = replica
        self.created = created
    }
}
