/// One event of a workload, with what it takes to understand it apart from the workload.
package struct WorkloadNews: Hashable, Codable, Sendable {
    package let workload: WorkloadID
    package let name: String
    package let owner: String
    package let event: WorkloadEvent

    package init(workload: WorkloadID, name: String, owner: String, event: WorkloadEvent) {
        self.workload = workload
        self.name = name
        self.owner = owner
        self.event = event
    }
}
