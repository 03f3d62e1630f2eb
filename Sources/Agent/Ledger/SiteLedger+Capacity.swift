package import CloudModel
import Storage

extension SiteLedger {
    /// What is neither used nor held on `host`; never less than zero, even if the host shrank under its machines.
    package func free(on host: String) -> Resources {
        guard let total = self.hosts[host]?.total else { return .zero }
        var taken = self.foreign[host] ?? .zero
        for entry in self.machines.values where entry.host == host && entry.occupies {
            taken = taken + entry.machine.specification.resources
        }
        for entry in self.reservations.values where entry.host == host && entry.reservation.state == .held {
            taken = taken + entry.reservation.specification.resources
        }
        let free = total - taken
        return Resources(
            vcpus: max(0, free.vcpus), memory: max(.zero, free.memory), disk: max(.zero, free.disk))
    }

    /// What the capacity row says.
    package var capacity: Capacity {
        var total = Resources.zero
        var free = Resources.zero
        var largest = Resources.zero
        var busy = 0.0
        for (name, host) in self.hosts.sorted(by: { $0.key < $1.key }) {
            let room = self.free(on: name)
            total = total + host.total
            free = free + room
            busy += host.load * Double(host.total.vcpus)
            if (room.memory, room.vcpus, room.disk) > (largest.memory, largest.vcpus, largest.disk) {
                largest = room
            }
        }
        return Capacity(
            total: total, free: free, largestFreeSlot: largest,
            load: total.vcpus > 0 ? min(1, max(0, busy / Double(total.vcpus))) : 0,
            machines: self.machines.values.count(where: \.occupies), hosts: self.hosts.count)
    }

    /// The host with the least room left that still covers `request`, so that large requests find room later.
    func bestHost(for request: Resources) -> String? {
        self.hosts.keys.sorted()
            .map { name in (name: name, free: self.free(on: name)) }
            .filter { $0.free.covers(request) }
            .min { ($0.free.memory, $0.free.vcpus, $0.name) < ($1.free.memory, $1.free.vcpus, $1.name) }?
            .name
    }

    /// What `holder` uses of the site, holds included.
    package func usage(of holder: SiteID) -> (resources: Resources, machines: Int) {
        var resources = Resources.zero
        var count = 0
        for entry in self.machines.values where entry.holder == holder && entry.occupies {
            resources = resources + entry.machine.specification.resources
            count += 1
        }
        for entry in self.reservations.values
        where entry.reservation.holder == holder && entry.reservation.state == .held {
            resources = resources + entry.reservation.specification.resources
            count += 1
        }
        return (resources, count)
    }
}
