/// What a machine is asked to be.
package struct MachineSpecification: Hashable, Codable, Sendable {
    /// Unique within its site: 1–63 characters of `a–z`, `0–9` and inner `-`.
    package var name: String
    package var resources: Resources
    package var image: ImageReference
    package var labels: [String: String]
    /// How many seconds it may run without a renewal by its holder; nil for as long as it likes.
    package var leaseSeconds: Int?
    /// How it is to share a host with the other replicas of its workload; nil if that does not matter.
    package var hosts: HostWish?

    package init(
        name: String, resources: Resources, image: ImageReference, labels: [String: String] = [:],
        leaseSeconds: Int? = nil, hosts: HostWish? = nil
    ) {
        self.name = name
        self.resources = resources
        self.image = image
        self.labels = labels
        self.leaseSeconds = leaseSeconds
        self.hosts = hosts
    }

    /// How long it may run without a renewal by its holder.
    package var lease: Duration? { self.leaseSeconds.map { .seconds($0) } }
}
