package import CloudModel
import Federation
package import Storage

/// What a site has, what is taken of it and by whom: the one place where it says yes or no.
///
/// A pure value: the shell makes the change on a copy, writes `takeChanges()` to disk in one transaction, and only
/// then lets the copy count. So memory never runs ahead of the disk, and a crash at any point leaves the state before
/// or after a step.
///
/// Invariant: on no host do occupying machines, held reservations and foreign machines together take more than it
/// has, unless the host itself shrank.
package struct SiteLedger: Sendable {
    package let site: SiteID
    package var rules: SiteRules
    package private(set) var policy: AdmissionPolicy
    /// By name.
    package internal(set) var hosts: [String: Host] = [:]
    /// Whether `hosts` is what a driver said, as opposed to nothing yet.
    package private(set) var isMeasured = false
    /// What machines that are not ours take on each host.
    package internal(set) var foreign: [String: Resources] = [:]
    /// Why the hypervisors cannot be reached; nil while they can.
    package var outage: String?
    package internal(set) var machines: [MachineID: SiteMachine]
    package internal(set) var reservations: [ReservationID: SiteReservation]
    var changes = SiteChanges()

    package init(site: SiteID, rules: SiteRules, policy: AdmissionPolicy, state: SiteState = SiteState()) {
        self.site = site
        self.rules = rules
        self.policy = state.policy ?? policy
        self.machines = Dictionary(
            state.machines.map { ($0.machine.id, Self.reportable($0)) },
            uniquingKeysWith: { first, _ in first })
        self.reservations = Dictionary(
            state.reservations.map { ($0.reservation.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What has changed since the last call, to be written before the change counts.
    package mutating func takeChanges() -> SiteChanges {
        defer { self.changes = SiteChanges() }
        return self.changes
    }

    package mutating func setPolicy(_ policy: AdmissionPolicy) {
        self.policy = policy
        self.changes.policy = policy
    }

    /// Takes what the driver measured.
    package mutating func updateHosts(_ hosts: [Host]) {
        self.isMeasured = true
        self.hosts = Dictionary(hosts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A reason that was kept before there was a limit could never be told.
    private static func reportable(_ entry: SiteMachine) -> SiteMachine {
        var entry = entry
        entry.machine.reason = entry.machine.reason.map { WireText.fit($0) }
        return entry
    }

    mutating func store(_ entry: SiteMachine) {
        self.machines[entry.machine.id] = entry
        self.changes.machines[entry.machine.id] = entry
    }

    mutating func store(_ entry: SiteReservation) {
        self.reservations[entry.reservation.id] = entry
        self.changes.reservations[entry.reservation.id] = entry
    }
}
