/// What a site's hosts really do, over the last minute: the few figures that travel with its capacity.
///
/// In steps of a twentieth, so that an account of a site changes when something has, and not with every breath.
package struct LoadSummary: Hashable, Codable, Sendable {
    /// Figures come in multiples of one over this.
    package static let steps = 20.0

    /// Share of the memory in use, 0…1; nil where it is not measured, as all of these.
    package var memory: Double?
    /// Share of the space for machines' disks that is taken.
    package var disk: Double?
    /// Share of the time in which the busiest disk had something to do.
    package var diskBusy: Double?
    /// Share of the time in which some task waited for memory.
    package var memoryPressure: Double?
    /// Share of the time in which some task waited for a disk.
    package var ioPressure: Double?

    package init(
        memory: Double? = nil, disk: Double? = nil, diskBusy: Double? = nil, memoryPressure: Double? = nil,
        ioPressure: Double? = nil
    ) {
        self.memory = Self.stepped(memory)
        self.disk = Self.stepped(disk)
        self.diskBusy = Self.stepped(diskBusy)
        self.memoryPressure = Self.stepped(memoryPressure)
        self.ioPressure = Self.stepped(ioPressure)
    }

    /// What is told of a share: the nearest step; nil of what is none.
    package static func stepped(_ share: Double?) -> Double? {
        guard let share, share.isFinite else { return nil }
        return (min(1, max(0, share)) * Self.steps).rounded() / Self.steps
    }
}
