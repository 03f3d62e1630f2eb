/// A hypervisor inside a site.
package struct Host: Hashable, Codable, Sendable {
    package let name: String
    package var hypervisor: String
    package var total: Resources
    /// Share of the processors in use, 0…1.
    package var load: Double
    /// Memory that the host itself says is free, which may be less than what its machines leave over.
    package var freeMemory: Mebibytes

    package init(name: String, hypervisor: String, total: Resources, load: Double, freeMemory: Mebibytes) {
        self.name = name
        self.hypervisor = hypervisor
        self.total = total
        self.load = load
        self.freeMemory = freeMemory
    }
}
