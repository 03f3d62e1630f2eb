import CloudModel
import Coordinator
import Federation

/// What happens to machines and sites while workloads are kept.
extension FakeSites {
    /// Lets every machine that was made or started come up.
    func boot() {
        self.update { state in
            for (id, site) in state.sites {
                for (number, machine) in site.machines where machine.state == .creating {
                    state.sites[id]?.machines[number]?.state = .running
                    state.sites[id]?.machines[number]?.changed = machine.changed.advanced(
                        by: .milliseconds(1))
                }
            }
        }
    }

    /// Lets `site` start nothing again; without another reason as it has nothing of the machine to start.
    func refuseStarts(_ text: String, _ reason: Refusal.Reason = .conflict, at site: String) {
        self.update { $0.sites[SiteID(site)]?.startRefusal = (text: text, reason: reason) }
    }

    func allowStarts(at site: String) {
        self.update { $0.sites[SiteID(site)]?.startRefusal = nil }
    }

    /// What an operator's order to drain a site makes of its row.
    func empty(_ site: String) { self.setPolicy(.draining, isBeingEmptied: true, at: site) }

    func set(_ fault: LeaseFault, at site: String) {
        self.update { $0.sites[SiteID(site)]?.leaseFault = fault }
    }

    /// The machines at sites that can be reached.
    var machinesInReach: [Machine] {
        self.read { state in
            state.sites.values.filter { $0.behaviour == .normal }.flatMap(\.machines.values)
                .sorted { $0.id < $1.id }
        }
    }

    /// Lets each site in reach ask for the leases of its machines, and delete those that are over.
    func renewLeases(with coordinator: Coordinator) {
        let leased = self.machinesInReach.filter { $0.specification.leaseSeconds != nil }
        for (site, machines) in Dictionary(grouping: leased, by: \.site) {
            let leases = machines.compactMap { machine in
                machine.replica.map { LeaseRequest.Lease(machine: machine.id, replica: $0) }
            }
            let answer = coordinator.renew(LeaseRequest(leases: leases), from: site)
            for machine in answer.over { self.remove(machine, at: site) }
        }
    }

    private func remove(_ machine: MachineID, at site: SiteID) {
        self.update { state in
            guard state.sites[site]?.machines.removeValue(forKey: machine) != nil else { return }
            state.sites[site]?.room += 1
        }
    }

    /// Stops what `site` runs under leases, as it does when they have run out.
    func fence(_ site: String) {
        self.update { state in
            for (id, machine) in state.sites[SiteID(site)]?.machines ?? [:]
            where machine.specification.leaseSeconds != nil {
                var fenced = machine
                fenced.state = .stopped
                fenced.halt = .lease
                fenced.changed = machine.changed.advanced(by: .milliseconds(1))
                state.sites[SiteID(site)]?.machines[id] = fenced
            }
        }
    }

    /// Stops one machine, as its owner does.
    func halt(_ id: MachineID, at site: String) {
        self.update { state in
            guard var machine = state.sites[SiteID(site)]?.machines[id] else { return }
            machine.state = .stopped
            machine.halt = .ordered
            machine.changed = machine.changed.advanced(by: .milliseconds(1))
            state.sites[SiteID(site)]?.machines[id] = machine
        }
    }

    /// How often any site was asked to start a machine again.
    var startsAsked: Int {
        self.read { state in
            state.asked.count { if case .restart = $0 { true } else { false } }
        }
    }

    /// Nothing is to be moved away unless `isBeingEmptied` says so.
    func setPolicy(_ policy: AdmissionPolicy, isBeingEmptied: Bool = false, at site: String) {
        self.update { state in
            state.sites[SiteID(site)]?.description.policy = policy
            state.sites[SiteID(site)]?.description.isBeingEmptied = isBeingEmptied
        }
    }

    /// Takes the only machine away from `site`, as its owner would.
    func take(at site: String) -> Machine? {
        self.update { state in
            guard let machine = state.sites[SiteID(site)]?.machines.values.first else { return nil }
            state.sites[SiteID(site)]?.machines[machine.id] = nil
            state.sites[SiteID(site)]?.room += 1
            return machine
        }
    }

    var isTrapped: Bool { self.read(\.isTrapped) }

    func count(at site: String) -> Int { self.read { $0.sites[SiteID(site)]?.machines.count ?? 0 } }

    /// Begins to count how few machines ever run.
    func watchRunning() {
        self.update { $0.fewestRunning = Self.running(in: $0) }
    }

    var fewestRunning: Int { self.read { $0.fewestRunning ?? 0 } }

    static func running(in state: State) -> Int {
        state.sites.values.flatMap(\.machines.values).count { $0.state == .running }
    }
}
