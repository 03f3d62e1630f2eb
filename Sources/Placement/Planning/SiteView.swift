import CloudModel

/// A candidate's figures while a plan is made: each replica assigned to it takes its part.
struct SiteView {
    let candidate: Candidate
    let latency: LatencyPrediction?
    private(set) var free: Resources
    private(set) var slot: Resources
    private(set) var load: Double
    /// Replicas of this workload at the site, those of the plan included.
    private(set) var replicas: Int
    private let total: Resources
    private let isOneHost: Bool

    init(_ candidate: Candidate, latency: LatencyPrediction?, placed: Int) {
        let capacity = candidate.description.capacity
        self.candidate = candidate
        self.latency = latency
        self.replicas = placed
        self.total = capacity.total
        self.isOneHost = capacity.hosts <= 1
        guard candidate.isCredible else {
            self.free = .zero
            self.slot = .zero
            self.load = 1
            return
        }
        self.free = capacity.free
        self.slot = capacity.largestFreeSlot
        self.load = min(1, max(0, capacity.load))
        self.subtract(candidate.pending)
    }

    var site: SiteID { self.candidate.description.site }
    var age: Duration { self.candidate.age }
    var isSuspect: Bool { self.candidate.reachability == .suspect }

    func hasRoom(for request: Resources) -> Bool {
        self.slot.covers(request)
    }

    /// The share of its total that the scarcest resource has left once `request` is taken, 0…1.
    func roomLeft(after request: Resources) -> Double {
        let left = self.free - request
        let shares = [
            Self.share(Int64(left.vcpus), of: Int64(self.total.vcpus)),
            Self.share(left.memory.count, of: self.total.memory.count),
            Self.share(left.disk.count, of: self.total.disk.count),
        ]
        return shares.reduce(1, min)
    }

    mutating func take(_ request: Resources) {
        self.subtract(request)
        self.replicas += 1
    }

    /// With one host the largest slot shrinks with each machine; with several it stays until less than it is free.
    private mutating func subtract(_ amount: Resources) {
        self.free = self.free - amount
        if self.isOneHost { self.slot = self.slot - amount }
        self.slot = Resources(
            vcpus: min(self.slot.vcpus, self.free.vcpus), memory: min(self.slot.memory, self.free.memory),
            disk: min(self.slot.disk, self.free.disk))
        if self.total.vcpus > 0 {
            self.load = min(1, self.load + Double(amount.vcpus) / Double(self.total.vcpus))
        }
    }

    /// A resource of which the site has none at all, and none is asked, does not make it full.
    private static func share(_ left: Int64, of total: Int64) -> Double {
        total > 0 ? min(1, max(0, Double(left) / Double(total))) : 1
    }
}
