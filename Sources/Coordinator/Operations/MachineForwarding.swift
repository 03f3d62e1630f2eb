import CloudModel
package import Operations
import Placement

/// Passes operations on a replica's machine to the site where it is.
///
/// For a process that is only a coordinator: its users then need not know the site. The site checks its own grants
/// against this coordinator's address.
package struct MachineForwarding: Sendable {
    private let coordinator: Coordinator
    private let remote: any OperationPerformer

    package init(coordinator: Coordinator, remote: any OperationPerformer) {
        self.coordinator = coordinator
        self.remote = remote
    }

    /// Every operation of the catalogue that takes one machine.
    private static var names: [String] {
        Catalogue.operations.filter { operation in
            operation.noun == "machine" && operation.parameter("machine") != nil
        }.map(\.name)
    }

    /// Offers them; a process that is an agent too must not, as it offers its own.
    package func register(in table: inout OperationTable) {
        for name in Self.names {
            table.register(name) { invocation, progress throws(OperationError) in
                try await self.forward(invocation, progress)
            }
        }
    }

    private func forward(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let text = try invocation.text("machine")
        let workloads = self.coordinator.workloads(
            for: invocation.caller.address, scope: invocation.scope)
        for workload in workloads {
            for replica in workload.replicas {
                guard let machine = replica.machine, let site = replica.site else { continue }
                let name = "\(workload.specification.name)-\(replica.index)"
                guard text == machine.description || text == name else { continue }
                var forwarded = invocation
                forwarded.site = site
                forwarded.arguments["machine"] = .string(machine.description)
                forwarded.behalf = invocation.caller.address
                forwarded.idempotencyKey = invocation.idempotencyKey.map { key in
                    Invoke.forwardedKey(key, of: invocation.caller)
                }
                return try await self.remote.perform(forwarded, progress: progress)
            }
        }
        throw OperationError(
            .notFound, "no workload has a machine \(text)",
            next: "workload show WORKLOAD names its machines; at=SITE asks a site for one of its own")
    }
}
