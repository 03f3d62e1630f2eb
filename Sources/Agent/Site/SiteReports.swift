import CloudModel
import Federation
import Logging
import Storage

/// Tells holders what becomes of their machines: pushed at each change, again after an outage, the latest state only.
struct SiteReports: Sendable {
    let service: SiteService
    /// Hands the report to routing; throws while the holder is out of reach.
    let send: @Sendable (Machine, SiteID) async throws -> Void
    /// The wait after a holder was out of reach.
    let retryDelay: Duration
    let logger: Logger

    /// Reports until cancelled.
    ///
    /// One holder out of reach does not hold up the others.
    func run() async throws {
        var unreachable: Set<SiteID> = []
        for await _ in self.service.keeper.changed.rings() {
            try Task.checkCancellation()
            let pending = await self.service.keeper.read(\.unreported)
            guard !pending.isEmpty else { continue }
            let failed = await self.report(Dictionary(grouping: pending, by: \.holder))
            for holder in failed.subtracting(unreachable).sorted() {
                self.logger.warning(
                    "a holder is out of reach; its reports are kept", metadata: ["holder": "\(holder)"])
            }
            unreachable = failed
            if !failed.isEmpty {
                try await Task.sleep(for: self.retryDelay)
                self.service.keeper.changed.ring()
            }
        }
    }

    /// The holders that could not be told.
    private func report(_ pending: [SiteID: [SiteMachine]]) async -> Set<SiteID> {
        await withTaskGroup(of: SiteID?.self) { group in
            for (holder, entries) in pending {
                group.addTask { await self.report(entries, to: holder) ? nil : holder }
            }
            return await group.reduce(into: []) { failed, holder in
                if let holder { failed.insert(holder) }
            }
        }
    }

    private func report(_ entries: [SiteMachine], to holder: SiteID) async -> Bool {
        for entry in entries {
            do {
                // People look when they want to know; only programs are told.
                if !self.isPerson(holder) { try await self.send(entry.machine, holder) }
                let id = entry.machine.id
                let revision = entry.revision
                try await self.service.keeper.change { ledger throws(SiteRefusal) in
                    ledger.reported(id, revision: revision)
                }
            } catch {
                return false
            }
        }
        return true
    }

    /// Whether the holder is an account of this very site.
    private func isPerson(_ holder: SiteID) -> Bool {
        holder.address.hasSuffix("@" + self.service.site.address)
    }
}
