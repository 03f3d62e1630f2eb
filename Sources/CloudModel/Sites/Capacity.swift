/// What a site has, what of it is free, and how busy it is: the body of its capacity row.
package struct Capacity: Hashable, Codable, Sendable {
    package var total: Resources
    /// Neither used by machines nor held by reservations.
    package var free: Resources
    /// Of each resource the most that one host has free; no machine that is larger in any of them finds a host.
    ///
    /// One host has all of it. Of several each may lack something else, so that the site refuses a machine that is
    /// smaller; sites of earlier releases tell the host with most memory free.
    package var largestFreeSlot: Resources
    /// Share of the hosts' processors in use over the last minute, 0…1.
    package var load: Double
    package var machines: Int
    package var hosts: Int
    /// Rises with each change of machines, reservations and policy that the site has stored; nil from sites that do not
    /// count.
    ///
    /// Of two accounts the one with the higher number is the later.
    package var generation: Int?
    /// What else of the hosts is in use; nil from sites that do not tell.
    package var usage: LoadSummary?
    /// Why the site takes no new work from coordinators for now; nil while it does.
    package var heat: Heat?

    package init(
        total: Resources, free: Resources, largestFreeSlot: Resources, load: Double, machines: Int,
        hosts: Int, generation: Int? = nil, usage: LoadSummary? = nil, heat: Heat? = nil
    ) {
        self.total = total
        self.free = free
        self.largestFreeSlot = largestFreeSlot
        self.load = load
        self.machines = machines
        self.hosts = hosts
        self.generation = generation
        self.usage = usage
        self.heat = heat
    }
}
