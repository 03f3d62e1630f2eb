package import CloudModel

/// A machine with what its own site knows about it beyond the noun that travels.
package struct SiteMachine: Hashable, Sendable {
    package var machine: Machine
    /// Who may command it, beside the site's own admins, and is told of its changes.
    package let holder: SiteID
    package let reservation: ReservationID
    package var host: String
    /// Whether the hypervisor has a definition of it.
    package var isDefined: Bool
    /// Whether it is booted once it is defined.
    package var isStarted: Bool
    /// Whether its deletion has been ordered; then nothing else is done to it.
    package var isDoomed: Bool
    /// Counts the changes of `machine`.
    package var revision: Int
    /// The latest revision the holder is known to have.
    package var reportedRevision: Int

    package init(
        machine: Machine, holder: SiteID, reservation: ReservationID, host: String, isDefined: Bool = false,
        isStarted: Bool = true, isDoomed: Bool = false, revision: Int = 1, reportedRevision: Int = 0
    ) {
        self.machine = machine
        self.holder = holder
        self.reservation = reservation
        self.host = host
        self.isDefined = isDefined
        self.isStarted = isStarted
        self.isDoomed = isDoomed
        self.revision = revision
        self.reportedRevision = reportedRevision
    }

    /// Whether it takes room on its host: from its acceptance until nothing of it is left.
    package var occupies: Bool {
        switch self.machine.state {
        case .creating, .starting, .running, .suspended, .stopping, .stopped: true
        // One that could not be made has left nothing behind.
        case .failed: self.isDefined
        case .deleted: false
        }
    }
}
