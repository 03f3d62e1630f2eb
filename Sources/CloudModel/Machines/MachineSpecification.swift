/// What a machine is asked to be.
package struct MachineSpecification: Hashable, Codable, Sendable {
    /// Unique within its site: 1–63 characters of `a–z`, `0–9` and inner `-`.
    package var name: String
    package var resources: Resources
    package var image: ImageReference
    package var labels: [String: String]

    package init(name: String, resources: Resources, image: ImageReference, labels: [String: String] = [:]) {
        self.name = name
        self.resources = resources
        self.image = image
        self.labels = labels
    }
}
