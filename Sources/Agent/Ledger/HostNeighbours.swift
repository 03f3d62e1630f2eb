import CloudModel

/// On which hosts the replicas of each workload are that must share one, or must not.
struct HostNeighbours: Sendable {
    /// A holder's workload: the number alone could be claimed by another holder.
    private struct Group: Hashable {
        let holder: SiteID
        let workload: WorkloadID
    }

    private struct Seat: Hashable {
        let host: String
        let index: Int
    }

    /// How many machines and holds there are for each replica on each host.
    private var seats: [Group: [Seat: Int]] = [:]

    mutating func add(
        _ specification: MachineSpecification, _ replica: ReplicaReference?, of holder: SiteID,
        on host: String
    ) {
        guard specification.hosts != nil, let replica else { return }
        let group = Group(holder: holder, workload: replica.workload)
        self.seats[group, default: [:]][Seat(host: host, index: replica.index), default: 0] += 1
    }

    mutating func remove(
        _ specification: MachineSpecification, _ replica: ReplicaReference?, of holder: SiteID,
        on host: String
    ) {
        guard specification.hosts != nil, let replica else { return }
        let group = Group(holder: holder, workload: replica.workload)
        let seat = Seat(host: host, index: replica.index)
        guard let count = self.seats[group]?[seat] else { return }
        self.seats[group]?[seat] = count > 1 ? count - 1 : nil
        if self.seats[group]?.isEmpty == true { self.seats[group] = nil }
    }

    /// The hosts where replicas of the same workload are, this one among them.
    func hosts(sharedBy replica: ReplicaReference, of holder: SiteID) -> Set<String> {
        Set(self.placed(replica, holder).map(\.host))
    }

    /// The hosts where other replicas of the same workload are; a machine that the replica itself leaves behind is
    /// none.
    func hosts(beside replica: ReplicaReference, of holder: SiteID) -> Set<String> {
        Set(self.placed(replica, holder).filter { $0.index != replica.index }.map(\.host))
    }

    private func placed(_ replica: ReplicaReference, _ holder: SiteID) -> [Seat] {
        Array((self.seats[Group(holder: holder, workload: replica.workload)] ?? [:]).keys)
    }
}
