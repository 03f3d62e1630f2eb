import CloudModel

/// The numbers of a site that change while replicas are assigned to it.
struct SiteFigures: Hashable, Sendable {
    private(set) var free: Resources
    private(set) var slot: Resources
    private(set) var load: Double
    let isCredible: Bool
    let hosts: Int
    private let total: Resources

    init(_ capacity: Capacity, pending: Resources) {
        self.total = capacity.total
        self.hosts = capacity.hosts
        self.isCredible = capacity.isCredible && pending.isCredible
        guard self.isCredible else {
            self.free = .zero
            self.slot = .zero
            self.load = 1
            return
        }
        self.free = capacity.free
        self.slot = capacity.largestFreeSlot
        self.load = min(1, max(0, capacity.load))
        self.take(pending)
    }

    /// Whether nothing that is known speaks against a host with room; where there are several, the site knows.
    func hasRoom(for request: Resources) -> Bool {
        self.slot.covers(request)
    }

    /// The share of its total that the scarcest resource has left once `request` is taken, 0…1.
    func roomLeft(after request: Resources) -> Double {
        let left = self.free - request
        let vcpus = Self.share(Int64(left.vcpus), of: Int64(self.total.vcpus))
        let memory = Self.share(left.memory.count, of: self.total.memory.count)
        let disk = Self.share(left.disk.count, of: self.total.disk.count)
        return min(vcpus, memory, disk)
    }

    /// With one host the largest slot shrinks with each machine; with several it stays until less than it is free.
    mutating func take(_ amount: Resources) {
        self.free = self.free - amount
        if self.hosts <= 1 { self.slot = self.slot - amount }
        self.slot = self.slot.limited(to: self.free)
        if self.total.vcpus > 0 {
            self.load = min(1, self.load + Double(amount.vcpus) / Double(self.total.vcpus))
        }
    }

    /// A resource of which the site has none at all, and none is asked, does not make it full.
    private static func share(_ left: Int64, of total: Int64) -> Double {
        total > 0 ? min(1, max(0, Double(left) / Double(total))) : 1
    }
}

extension Capacity {
    /// Whether the figures can be calculated with: amounts between zero and an absurd bound, a load that is a number.
    fileprivate var isCredible: Bool {
        self.load.isFinite && self.total.isCredible && self.free.isCredible
            && self.largestFreeSlot.isCredible
    }
}

extension Resources {
    /// The largest amount of any resource that a report may credibly name, in the resource's own unit.
    private static let largestCredibleAmount: Int64 = 1 << 48

    fileprivate var isCredible: Bool {
        let range = 0...Self.largestCredibleAmount
        return range.contains(Int64(self.vcpus)) && range.contains(self.memory.count)
            && range.contains(self.disk.count)
    }
}
