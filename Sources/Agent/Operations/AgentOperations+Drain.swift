import CloudModel
import Operations
import Storage

/// Emptying the site, closing and opening it.
extension AgentOperations {
    /// What is still at a site that drains.
    struct DrainProgress: Codable {
        /// A holder and how much it still has here.
        struct Share: Codable {
            let holder: SiteID
            var machines: Int
        }

        let policy: AdmissionPolicy
        /// Replicas that their coordinators move away.
        let replicas: [Share]
        /// Machines that nobody but their owners can move.
        let others: [Share]
    }

    /// Asks coordinators to take their replicas elsewhere; asking again says what is left.
    func drain() async throws(OperationError) -> OperationResult {
        try await self.asked { () throws(SiteRefusal) in try await self.service.setPolicy(.draining) }
        let machines = self.service.keeper.read { ledger in
            ledger.machines.values.filter(\.occupies).map { (holder: $0.holder, machine: $0.machine) }
        }
        let progress = DrainProgress(
            policy: .draining,
            replicas: Self.shares(machines.filter { $0.machine.replica != nil }.map(\.holder)),
            others: Self.shares(machines.filter { $0.machine.replica == nil }.map(\.holder)))
        return try OperationResult(
            site: self.service.site, encoding: progress, message: self.text(of: progress))
    }

    private static func shares(_ holders: [SiteID]) -> [DrainProgress.Share] {
        holders.reduce(into: [SiteID: Int]()) { $0[$1, default: 0] += 1 }
            .sorted { $0.key < $1.key }
            .map { DrainProgress.Share(holder: $0.key, machines: $0.value) }
    }

    private func text(of progress: DrainProgress) -> String {
        var text = "\(self.service.site) takes nothing new"
        if progress.replicas.isEmpty, progress.others.isEmpty { return text + " and is empty" }
        func list(_ shares: [DrainProgress.Share]) -> String {
            shares.map { "\($0.machines) of \($0.holder)" }.joined(separator: ", ")
        }
        if progress.replicas.isEmpty {
            text += "; no replicas are left"
        } else {
            text +=
                "; replicas that are placed elsewhere first, then deleted here: \(list(progress.replicas))"
        }
        if !progress.others.isEmpty {
            text += "; machines that stay until their owners move them: \(list(progress.others))"
        }
        return text + ". Ask again to see what is left; site undrain ends it"
    }
}
