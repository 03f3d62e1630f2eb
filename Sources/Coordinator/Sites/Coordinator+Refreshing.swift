import CloudModel
import Federation
import Logging
import Placement

/// What sites know of our machines, asked at the start: reports may have been missed while this process was down.
extension Coordinator {
    /// Asks a site for the state of our machines there, again and again until it has told all.
    ///
    /// After a failure it is left alone for two seconds, then twice as long each time up to
    /// ``PlacementSaga/longestPause``. Ends without an answer once the site has left the alliance, and when cancelled.
    func refresh(_ site: SiteID) async {
        var failures = 0
        while let trouble = await self.refreshOnce(site), !Task.isCancelled {
            failures += 1
            if failures == 1 {
                self.logger.info(
                    "machines not refreshed, will ask again",
                    metadata: ["site": "\(site)", "answer": "\(trouble)"])
            }
            do {
                try await self.pause(PlacementSaga.pause(beforeQuestion: failures + 1))
            } catch {
                return
            }
            guard await self.isAllied(site) else { return }
        }
    }

    /// What came in place of an answer; nil once the site has told all.
    private func refreshOnce(_ site: SiteID) async -> String? {
        var last: MachineID?
        while true {
            let answer = await self.sites.ask(
                .machines(MachineQuery(workload: nil, after: last)), of: site,
                timeout: self.configuration.requestTimeout)
            guard case .success(.machines(let list)) = answer else { return "\(answer)" }
            for machine in list.machines { await self.note(machine, at: site) }
            guard !list.isComplete, let next = list.machines.last?.id, last.map({ next > $0 }) ?? true
            else { return nil }
            last = next
        }
    }

    /// Whether the site is a member, heard or not; this process's own site is, even before it has looked at its hosts.
    private func isAllied(_ site: SiteID) async -> Bool {
        if site == self.configuration.address { return true }
        return await self.sites.view().reachability(of: site) != nil
    }
}
