/// One of the nodes at a site's own address, by its name, which carries the version of what its items hold.
package enum FeedNode: String, Hashable, Sendable, CaseIterable {
    /// The latest state of each machine, for those who may list all machines.
    case machines = "urn:tradewind:machines:1"
    /// What happens to workloads as it happens: each subscriber hears of those that they may see.
    case workloads = "urn:tradewind:workloads:1"

    /// Items that are kept; of more, those that changed longest ago give way.
    package var items: Int {
        switch self {
        case .machines: 256
        // A kept item would be seen by whoever asks; what was missed is asked of the operation `workload.events`.
        case .workloads: 0
        }
    }

    /// What people see in the list of nodes.
    var name: String {
        switch self {
        case .machines: "Machines"
        case .workloads: "Workloads"
        }
    }

    var title: String {
        switch self {
        case .machines: "Machines of this site"
        case .workloads: "What happens to workloads"
        }
    }

    /// Why somebody may not listen.
    var objection: String {
        switch self {
        case .machines: "to list all machines of this site"
        case .workloads: "to watch workloads here"
        }
    }
}
