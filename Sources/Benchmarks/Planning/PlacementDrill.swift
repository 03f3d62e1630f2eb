import CloudModel
import Placement

/// Sites that keep their own count, as real ones do, and say no when they are full.
struct DrillSite: Sendable {
    let description: SiteDescription
    private(set) var granted = 0
    private let places: Int
    private let each: Resources

    /// A site with room for `places` replicas of the size `each`.
    init(
        _ name: String, places: Int, each: Resources, position: Position? = nil, price: Price? = nil,
        carbon: Carbon? = nil
    ) {
        let total = Resources(
            vcpus: each.vcpus * places, memory: Mebibytes(each.memory.count * Int64(places)),
            disk: Mebibytes(each.disk.count * Int64(places)))
        self.places = places
        self.each = each
        self.description = SiteDescription(
            site: SiteID(name), name: name, position: position, country: nil, labels: [:],
            hypervisors: ["memory"], policy: .open,
            capacity: Capacity(
                total: total, free: total, largestFreeSlot: total, load: 0, machines: 0, hosts: 1),
            price: price, carbon: carbon, reported: Instant(millisecondsSinceEpoch: 0))
    }

    /// Takes a replica; false if there is no room.
    mutating func take() -> Bool {
        guard self.granted < self.places else { return false }
        self.granted += 1
        return true
    }

    /// What it says about itself now.
    var report: SiteDescription {
        let left = self.places - self.granted
        let free = Resources(
            vcpus: self.each.vcpus * left, memory: Mebibytes(self.each.memory.count * Int64(left)),
            disk: Mebibytes(self.each.disk.count * Int64(left)))
        var report = self.description
        report.capacity.free = free
        report.capacity.largestFreeSlot = free
        report.capacity.machines = self.granted
        report.capacity.generation = self.granted
        report.capacity.load = Double(self.granted) / Double(self.places)
        return report
    }
}

/// What the drills ask for.
enum DrillWorkload {
    static let size = Resources(vcpus: 2, memory: .gibibytes(4), disk: .gibibytes(20))

    static func specification(
        near places: [(Audience.Place, Double)] = [], objectives: Objectives = Objectives()
    ) -> WorkloadSpecification {
        WorkloadSpecification(
            name: "web", replicas: 1, resources: Self.size,
            image: ImageReference(format: .qcow2, location: "/images/web.qcow2"),
            audience: Audience(shares: places.map { .init(place: $0.0, weight: $0.1) }),
            objectives: objectives)
    }

    /// The number of the one workload that all requests of a drill belong to.
    static var id: WorkloadID? { WorkloadID("00000000-0000-4000-8000-000000000000") }
}
