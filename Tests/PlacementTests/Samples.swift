import CloudModel
import Placement

/// Sites and requests that the tests of this target share.
enum Samples {
    static func position(_ latitude: Double, _ longitude: Double) -> Position? {
        Position(latitude: latitude, longitude: longitude)
    }

    static let paris = position(48.9, 2.4)
    static let tokyo = position(35.7, 139.7)
    static let virginia = position(39.0, -77.5)
    static let osaka = position(34.7, 135.5)

    static func resources(_ vcpus: Int = 1, _ memory: Int64 = 1, _ disk: Int64 = 1) -> Resources {
        Resources(vcpus: vcpus, memory: .gibibytes(memory), disk: .gibibytes(disk))
    }

    static func candidate(
        _ site: String, at position: Position? = nil, country: String? = nil,
        free: Resources = resources(8, 16, 100), total: Resources = resources(8, 16, 100), load: Double = 0,
        hosts: Int = 1, policy: AdmissionPolicy = .open, labels: [String: String] = [:],
        age: Duration = .seconds(1), reachability: Reachability = .reachable, pending: Resources = .zero
    ) -> Candidate {
        Candidate(
            description: SiteDescription(
                site: SiteID(site), name: site, position: position, country: country, labels: labels,
                hypervisors: ["qemu"], policy: policy,
                capacity: Capacity(
                    total: total, free: free, largestFreeSlot: free, load: load, machines: 0, hosts: hosts),
                price: nil, reported: Instant(millisecondsSinceEpoch: 0)),
            age: age, reachability: reachability, pending: pending)
    }

    static let world = [
        candidate("paris.test", at: paris, country: "FR"),
        candidate("tokyo.test", at: tokyo, country: "JP"),
        candidate("virginia.test", at: virginia, country: "US"),
    ]

    static func specification(
        replicas: Int = 1, near places: [Audience.Place] = [], constraints: [Constraint] = [],
        spread: Spread = .pack, resources: Resources = resources(), objectives: Objectives = Objectives()
    ) -> WorkloadSpecification {
        WorkloadSpecification(
            name: "web", replicas: replicas, resources: resources,
            image: ImageReference(format: .qcow2, location: "/images/web.qcow2"),
            audience: Audience(shares: places.map { .init(place: $0, weight: 1) }), constraints: constraints,
            spread: spread, objectives: objectives)
    }
}
