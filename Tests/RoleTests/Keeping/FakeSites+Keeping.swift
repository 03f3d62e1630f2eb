import CloudModel

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

    func refuseStarts(_ reason: String, at site: String) {
        self.update { $0.sites[SiteID(site)]?.startRefusal = reason }
    }

    func setPolicy(_ policy: AdmissionPolicy, at site: String) {
        self.update { $0.sites[SiteID(site)]?.description.policy = policy }
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
