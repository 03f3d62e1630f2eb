/// Which part of which application a workload is.
package struct PartReference: Hashable, Codable, Sendable {
    package let application: ApplicationID
    /// The application's name.
    package let name: String
    package let part: String
    /// Rises by one each time another workload takes over as this part.
    package let generation: Int

    package init(application: ApplicationID, name: String, part: String, generation: Int) {
        self.application = application
        self.name = name
        self.part = part
        self.generation = generation
    }

    /// What other workloads call this part, whichever workload it is at the moment: `shop-web`.
    package var workloadName: String {
        ApplicationSpecification.workloadName(ofPart: self.part, in: self.name)
    }
}
