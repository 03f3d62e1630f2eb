/// Which replica of which workload a machine or reservation embodies.
package struct ReplicaReference: Hashable, Codable, Sendable {
    package let workload: WorkloadID
    /// 0 ..< replicas.
    package let index: Int
    /// Rises each time the replica is placed anew; a lower epoch must never run beside a higher one.
    package let epoch: Int

    package init(workload: WorkloadID, index: Int, epoch: Int) {
        self.workload = workload
        self.index = index
        self.epoch = epoch
    }
}
