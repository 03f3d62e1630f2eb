import CloudModel

/// How many replicas of a workload one site may have.
struct ReplicaLimit: Hashable, Sendable {
    private let perSite: Int
    /// Whether no two of them may share a host.
    private let isPerHost: Bool

    static let none = Self(perSite: .max, isPerHost: false)

    init(_ specification: WorkloadSpecification) {
        self.init(perSite: specification.spread.limit, isPerHost: specification.hosts == .apart)
    }

    private init(perSite: Int, isPerHost: Bool) {
        self.perSite = perSite
        self.isPerHost = isPerHost
    }

    /// Whether a site of so many hosts may have one more than `replicas`.
    func allowsMore(than replicas: Int, hosts: Int) -> Bool {
        replicas < self.perSite && !(self.isPerHost && replicas >= hosts)
    }

    /// The most that a site of so many hosts may have for their number; nil if that does not matter.
    func hostLimit(hosts: Int) -> Int? { self.isPerHost ? hosts : nil }

    /// Why a site of so many hosts may not have one more than `replicas`; nil if it may.
    func objection(to replicas: Int, hosts: Int) -> Objection? {
        if replicas >= self.perSite {
            return Objection(.spread, "already has \(self.perSite) of the replicas, the most allowed")
        }
        guard self.isPerHost, replicas >= hosts else { return nil }
        return Objection(
            .hosts,
            "already has \(replicas) of the replicas on \(hosts.counted("host")), and no two may share one")
    }
}

extension Spread {
    /// How many replicas one site may have.
    var limit: Int {
        switch self {
        case .pack: .max
        case .atMostPerSite(let limit): limit
        }
    }
}
