import CloudModel
import Coordinator
import Federation
import Testing

extension Coordinator {
    /// Takes what a site reports of one of its machines.
    func hear(_ machine: Machine) async {
        do {
            try await self.receive(MachineReport(machine: machine), from: machine.site)
        } catch {
            Issue.record(error, "a report is refused")
        }
    }

    /// Waits until the stored work has been taken up.
    func untilReady() async throws {
        while !self.isReady {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Waits, level-triggered, until nothing of the workload is under way any more.
    func settled(_ name: String, owner: String) async throws -> Workload {
        var id = name
        while true {
            let workload = try self.workload(id, for: owner, scope: .own)
            // A removed workload is found by its number only.
            id = workload.id.description
            if workload.state != .placing, workload.state != .removing { return workload }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Waits until the first replica's machine is in `state`.
    func awaitState(_ state: MachineState, of name: String, owner: String) async throws -> MachineState {
        while true {
            if try self.workload(name, for: owner, scope: .own).replicas[0].state == state { return state }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
