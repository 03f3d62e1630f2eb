import CloudModel
import Federation
import Logging
import Operations
import Synchronization

/// `site.gone`: an admin vouches for what no request can settle.
extension Coordinator {
    func performGone(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        try self.requireLoaded()
        let site = try SiteID(try invocation.text("site")).prepared()
        try await self.requireSilence(of: site)
        let report = try await self.writeOff(site, saidBy: invocation.caller.address)
        return try OperationResult(
            site: self.configuration.address, encoding: report, message: report.message)
    }

    /// Ends what every workload has at `site`, or may have there, and stores that workload by workload before anything
    /// follows from it.
    ///
    /// Said again after a crash it does what is left.
    private func writeOff(
        _ site: SiteID, saidBy caller: String
    ) async throws(OperationError) -> GoneSiteReport {
        let reason = "is gone for good, as \(caller) says"
        var lines: [GoneSiteReport.Line] = []
        for id in self.state.withLock({ $0.workloads(at: site) }) {
            let now = self.now()
            let uptime = self.uptime()
            let loss = try self.state.withLock { state throws(OperationError) in
                // A site that is back may have renewed it since it was asked.
                try state.requireLapsed(at: site, [id], uptime: uptime)
                return state.writeOff(site, of: id, because: reason, now: now)
            }
            guard let loss else { continue }
            await self.commit(loss.change)
            lines += loss.lines
        }
        self.logger.notice(
            "site declared gone",
            metadata: ["site": "\(site)", "by": "\(caller)", "replicas": "\(lines.count)"])
        return GoneSiteReport(site: site, lines: lines)
    }

    // MARK: Whether it can be so

    /// A conflict if anything is heard of `site`, or a lease there may not be over.
    private func requireSilence(of site: SiteID) async throws(OperationError) {
        try await self.requireUnreachable(site)
        let uptime = self.uptime()
        try self.state.withLock { state throws(OperationError) in
            try state.requireLapsed(at: site, state.workloads(at: site), uptime: uptime)
        }
        // Rows come from others as well, and late: what counts is whether it answers.
        let answer = await self.sites.ask(
            .machines(MachineQuery(workload: nil)), of: site, timeout: self.configuration.requestTimeout)
        switch answer {
        case .success, .failure(.absent): throw Self.stillThere(site, "it has just answered")
        case .failure(.refused(let text, _, _)):
            throw Self.stillThere(site, "it has just answered: \(text)")
        case .failure(.notAsked(let text)):
            throw OperationError(
                .unavailable, "\(site) could not be asked whether it is gone: \(text)",
                next: "ask again in a moment")
        case .failure(.unreachable), .failure(.silent): break
        }
        try await self.requireUnreachable(site)
    }

    private func requireUnreachable(_ site: SiteID) async throws(OperationError) {
        let view = await self.sites.view()
        guard let reachability = view.reachability(of: site), reachability != .unreachable else { return }
        throw Self.stillThere(site, "it counts as \(reachability.rawValue) here")
    }

    private static func stillThere(_ site: SiteID, _ why: String) -> OperationError {
        OperationError(
            .conflict, "\(site) is not gone: \(why)",
            next: "while it is there it says itself what it runs; site drain at=\(site) empties it")
    }
}
