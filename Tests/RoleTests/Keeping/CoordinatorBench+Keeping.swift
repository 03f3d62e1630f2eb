import CloudModel
import Coordinator
import Operations
import Placement

/// The workload "web" of alice: what tests of keeping and of resizing look after.
extension CoordinatorBench {
    /// It, if the coordinator and the sites agree on what runs.
    func kept(_ coordinator: Coordinator, replicas: Int) throws -> Workload? {
        let workload = try coordinator.workload("web", for: Self.alice.address, scope: .own)
        let machines = self.sites.machines
        let isSettled =
            workload.state == .placed && machines.count == replicas && self.sites.holds.isEmpty
            && machines.allSatisfy { $0.state == .running }
            && workload.replicas.allSatisfy { $0.state == .running && $0.change == nil }
            && Set(machines.map(\.id)) == Set(workload.replicas.compactMap(\.machine))
        return isSettled ? workload : nil
    }

    /// Lets machines come up, reports them and reviews, until they agree.
    func keep(_ coordinator: Coordinator, replicas: Int) async throws -> Workload {
        try await self.settle(coordinator) { () throws -> Workload? in
            try self.kept(coordinator, replicas: replicas)
        }
    }
}
