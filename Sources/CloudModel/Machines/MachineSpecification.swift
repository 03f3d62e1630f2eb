/// What a machine is asked to be.
package struct MachineSpecification: Hashable, Codable, Sendable {
    /// Unique within its site: 1–63 characters of `a–z`, `0–9` and inner `-`.
    package var name: String
    package var resources: Resources
    package var image: ImageReference
    package var labels: [String: String]
    /// How many seconds it may run without a renewal by its holder; nil for as long as it likes.
    package var leaseSeconds: Int?

    package init(
        name: String, resources: Resources, image: ImageReference, labels: [String: String] = [:],
        leaseSeconds: Int? = nil
    ) {
        self.name = name
        self.resources = resources
        self.image = image
        self.labels = labels
        self.leaseSeconds = leaseSeconds
    }

    /// How long it may run without a renewal by its holder.
    package var lease: Duration? { self.leaseSeconds.map { .seconds($0) } }
}
