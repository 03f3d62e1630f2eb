/// A workload as its coordinator keeps it.
package struct Workload: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable, CaseIterable {
        case placing
        case placed
        /// Placed in part or not at all, with nothing left to try; the reason says why.
        case failed
        case removing
        case removed
    }

    /// Where one replica is.
    package struct Replica: Hashable, Codable, Sendable {
        /// What is being done about it, beside keeping it running.
        package enum Change: String, Hashable, Codable, Sendable, CaseIterable {
            /// It came when the workload grew, and is not placed yet.
            case added
            /// It is on its way from one site to another.
            case moving
            /// It is no longer wanted, and its machine is being deleted.
            case dropped
        }

        /// Its number for as long as it is wanted; not its place in a list, as numbers may be missing.
        package let index: Int
        package var epoch: Int
        package var site: SiteID?
        package var machine: MachineID?
        package var state: MachineState?
        package var change: Change?

        package init(
            index: Int, epoch: Int, site: SiteID?, machine: MachineID?, state: MachineState?,
            change: Change? = nil
        ) {
            self.index = index
            self.epoch = epoch
            self.site = site
            self.machine = machine
            self.state = state
            self.change = change
        }
    }

    package let id: WorkloadID
    package let owner: String
    /// What is asked for now: the number of replicas is that of the last resizing.
    package var specification: WorkloadSpecification
    package var state: State
    package var reason: String?
    package var replicas: [Replica]
    package var created: Instant
    /// What happened to it and why, oldest first; nil where it is not told, as in lists.
    package var events: [WorkloadEvent]?
    /// How its users fare, as far as that is reported; nil where it is not told, as in lists.
    package var responses: [ResponseFigure]?

    package init(
        id: WorkloadID, owner: String, specification: WorkloadSpecification, state: State,
        reason: String? = nil,
        replicas: [Replica], created: Instant, events: [WorkloadEvent]? = nil
    ) {
        self.id = id
        self.owner = owner
        self.specification = specification
        self.state = state
        self.reason = reason
        self.replicas = replicas
        self.created = created
        self.events = events
    }
}
