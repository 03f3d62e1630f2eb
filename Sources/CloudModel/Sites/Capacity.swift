/// What a site has, what of it is free, and how busy it is: the body of its capacity row.
package struct Capacity: Hashable, Codable, Sendable {
    package var total: Resources
    /// Neither used by machines nor held by reservations.
    package var free: Resources
    /// The largest single machine that one host could take now.
    package var largestFreeSlot: Resources
    /// Share of the hosts' processors in use over the last minute, 0…1.
    package var load: Double
    package var machines: Int
    package var hosts: Int

    package init(
        total: Resources, free: Resources, largestFreeSlot: Resources, load: Double, machines: Int, hosts: Int
    ) {
        self.total = total
        self.free = free
        self.largestFreeSlot = largestFreeSlot
        self.load = load
        self.machines = machines
        self.hosts = hosts
    }
}
