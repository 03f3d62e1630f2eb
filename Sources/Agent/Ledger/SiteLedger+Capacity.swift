package import CloudModel
import Storage

extension SiteLedger {
    /// What the site promises of `host`: what it has, times the overcommitment.
    func promised(of host: Host) -> Resources {
        self.rules.overcommitment.promised(of: host.total)
    }

    /// What is neither used nor held on `host`; never less than zero, even if the host shrank under its machines.
    package func free(on host: String) -> Resources {
        guard let total = self.hosts[host].map({ self.promised(of: $0) }) else { return .zero }
        let taken = (self.foreign[host] ?? .zero) + (self.tally.taken[host] ?? .zero)
        return (total - taken).raised(to: .zero)
    }

    /// What the capacity row says, and each refusal.
    ///
    /// Its largest slot has of each resource the most that a host has free. So no site is left out that has a host for a
    /// machine; of one that has none the refusal says so.
    package var capacity: Capacity {
        var total = Resources.zero
        var free = Resources.zero
        var largest = Resources.zero
        var busy = 0.0
        var processors = 0
        for (name, host) in self.hosts.sorted(by: { $0.key < $1.key }) {
            let room = self.free(on: name)
            total = total + self.promised(of: host)
            processors += host.total.vcpus
            free = free + room
            busy += host.load * Double(host.total.vcpus)
            largest = largest.raised(to: room)
        }
        return Capacity(
            total: total, free: free, largestFreeSlot: largest,
            load: self.account?.load
                ?? (processors > 0 ? min(1, max(0, busy / Double(processors))) : 0),
            machines: self.tally.occupying, hosts: self.hosts.count, generation: self.generation,
            usage: self.account?.usage, heat: self.account?.heat)
    }

    /// Of the hosts that the replica may be on, and that cover what it takes, the one with the least room left, so that
    /// large requests find room later.
    ///
    /// Where others will have to follow it, only those hosts count on which most of them fit.
    func bestHost(for request: Request) -> String? {
        let resources = request.specification.resources
        var rooms = self.hostsAllowed(for: request)
            .map { name in (name: name, free: self.free(on: name)) }
            .filter { $0.free.covers(resources) }
        if request.specification.hosts == .together {
            let most = rooms.map { $0.free.count(of: resources) }.max()
            rooms.removeAll { $0.free.count(of: resources) != most }
        }
        return
            rooms
            .min { ($0.free.memory, $0.free.vcpus, $0.name) < ($1.free.memory, $1.free.vcpus, $1.name) }?
            .name
    }

    /// The hosts on which a replica may be for those of its workload that are here.
    func hostsAllowed(for request: Request) -> Set<String> {
        let all = Set(self.hosts.keys)
        guard let wish = request.specification.hosts, let replica = request.replica else { return all }
        switch wish {
        case .apart:
            return all.subtracting(self.tally.neighbours.hosts(beside: replica, of: request.holder))
        case .together:
            let shared = self.tally.neighbours.hosts(sharedBy: replica, of: request.holder)
            return shared.isEmpty ? all : all.intersection(shared)
        }
    }

    /// What `holder` uses of the site, holds included.
    package func usage(of holder: SiteID) -> (resources: Resources, machines: Int) {
        let usage = self.tally.usage[holder] ?? SiteTally.Usage()
        return (usage.resources, usage.machines)
    }
}

extension Resources {
    /// How many times `amount` fits; what it takes nothing of sets no limit to that.
    fileprivate func count(of amount: Self) -> Int64 {
        let ratios = [
            (Int64(self.vcpus), Int64(amount.vcpus)), (self.memory.count, amount.memory.count),
            (self.disk.count, amount.disk.count),
        ]
        return ratios.filter { $0.1 > 0 }.map { $0.0 / $0.1 }.min() ?? .max
    }
}
