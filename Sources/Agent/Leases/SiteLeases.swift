import CloudModel
import Federation
import Logging
import MachineDrivers
import Storage
import Synchronization

/// Asks coordinators for the leases of their machines, and stops machines whose lease is over.
///
/// One request to each coordinator renews all its leases. Nothing else is remembered than what the ledger keeps, so
/// an agent that starts again goes on with the leases it had, and stops at once what it cannot prove to be leased.
final class SiteLeases: Sendable {
    private struct State {
        /// Holders that are being asked.
        var asking: Set<SiteID> = []
        /// When each may be asked next.
        var due: [SiteID: Uptime] = [:]
        var asked: [SiteID: Uptime] = [:]
        var fencing: Set<MachineID> = []
        /// Holders that did not answer the last time, so that the log is told once.
        var silent: Set<SiteID> = []
    }

    /// How long a machine that waits for its lease waits at most until it is asked for.
    static let longestWait = Duration.seconds(1)

    let service: SiteService
    /// Returns the holder's answer; throws if there is none.
    let ask: @Sendable (LeaseRequest, SiteID) async throws -> LeaseAnswer
    let uptime: @Sendable () -> Uptime
    /// How often it looks.
    let interval: Duration
    let logger: Logger
    private let state = Mutex(State())

    init(
        service: SiteService, ask: @escaping @Sendable (LeaseRequest, SiteID) async throws -> LeaseAnswer,
        uptime: @escaping @Sendable () -> Uptime, interval: Duration, logger: Logger
    ) {
        self.service = service
        self.ask = ask
        self.uptime = uptime
        self.interval = interval
        self.logger = logger
    }

    /// Looks after leases until cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                let now = self.uptime()
                for id in self.claimFencing(await self.service.keeper.read { $0.lapsed(at: now) }) {
                    group.addTask { await self.fence(id) }
                }
                for (holder, leases) in await self.dueRequests(at: now) {
                    group.addTask { await self.renew(leases, of: holder) }
                }
                try await Task.sleep(for: self.interval)
            }
        }
    }

    // MARK: Renewing

    private func dueRequests(at now: Uptime) async -> [(SiteID, [LeaseRequest.Lease])] {
        let (requests, awaited) = await self.service.keeper.read { ledger in
            (ledger.leaseRequests, ledger.holdersAwaited(at: now))
        }
        return self.state.withLock { state in
            var due: [(SiteID, [LeaseRequest.Lease])] = []
            for (holder, leases) in requests.sorted(by: { $0.key < $1.key }) {
                let left = state.due[holder].flatMap { now.duration(to: $0) } ?? .zero
                // One that waits to start does not wait for the next round.
                let since = state.asked[holder].flatMap { $0.duration(to: now) } ?? Self.longestWait
                let isDue = left <= .zero || awaited.contains(holder) && since >= Self.longestWait
                guard isDue, state.asking.insert(holder).inserted else { continue }
                state.asked[holder] = now
                due.append((holder, leases))
            }
            return due
        }
    }

    private func renew(_ leases: [LeaseRequest.Lease], of holder: SiteID) async {
        var isAnswered = true
        for start in stride(from: 0, to: leases.count, by: WireLimits.leasesPerRequest) {
            let part = Array(leases[start...].prefix(WireLimits.leasesPerRequest))
            guard await self.renew(part: part, of: holder) else {
                isAnswered = false
                break
            }
        }
        let shortest = await self.service.keeper.read { $0.shortestLease(of: holder) } ?? .seconds(60)
        // Three renewals may be lost before a lease runs out.
        let next = self.uptime().advanced(by: isAnswered ? shortest / 4 : shortest / 16)
        self.state.withLock { state in
            state.due[holder] = next
            state.asking.remove(holder)
        }
    }

    private func renew(part leases: [LeaseRequest.Lease], of holder: SiteID) async -> Bool {
        let asked = self.uptime()
        do {
            let answer = try await self.ask(LeaseRequest(leases: leases), holder)
            let now = self.service.now()
            try await self.service.keeper.change { ledger throws(SiteRefusal) in
                ledger.renew(answer.granted, by: holder, asked: asked)
                try ledger.end(answer.over, by: holder, asked: leases, now: now)
            }
            for machine in answer.over {
                self.logger.notice(
                    "a machine's epoch is over: it was placed anew elsewhere, and is deleted here",
                    metadata: ["machine": "\(machine)", "holder": "\(holder)"])
            }
            self.state.withLock { _ = $0.silent.remove(holder) }
            return true
        } catch {
            if Task.isCancelled { return false }
            let isNew = self.state.withLock { $0.silent.insert(holder).inserted }
            if isNew {
                self.logger.warning(
                    "a coordinator renews no leases; its machines are stopped when theirs run out",
                    metadata: ["holder": "\(holder)", "machines": "\(leases.count)", "error": "\(error)"])
            }
            return false
        }
    }

    // MARK: Stopping

    private func claimFencing(_ lapsed: [MachineID]) -> [MachineID] {
        self.state.withLock { state in lapsed.filter { state.fencing.insert($0).inserted } }
    }

    private func fence(_ id: MachineID) async {
        defer { self.state.withLock { _ = $0.fencing.remove(id) } }
        do {
            let (uptime, now) = (self.uptime(), self.service.now())
            let entry = try await self.service.keeper.change { ledger throws(SiteRefusal) in
                ledger.beginFencing(id, at: uptime, now: now)
            }
            guard entry != nil else { return }
            self.logger.warning(
                "a machine's lease ran out: it is stopped", metadata: ["machine": "\(id)"])
            try await self.service.stop(id)
            let later = self.service.now()
            try await self.service.keeper.change { ledger throws(SiteRefusal) in
                ledger.fenced(id, now: later)
            }
        } catch {
            // It is tried again the next time round.
            self.logger.error(
                "a machine whose lease ran out could not be stopped; it is tried until it is",
                metadata: ["machine": "\(id)", "error": "\(error)"])
        }
    }
}

extension SiteService {
    /// Stops a machine at once; one that does not run is left alone.
    fileprivate func stop(_ id: MachineID) async throws(DriverError) {
        do throws(DriverError) {
            try await self.driver.forceOff(id)
        } catch {
            switch error {
            case .notFound: self.listing.demand()
            case .invalidState(_, let state, _):
                // Nothing is left to stop, unless it is in a state that cannot last.
                switch state {
                case .stopped, .failed, .creating, .deleted: return
                case .starting, .running, .suspended, .stopping: throw error
                }
            case .alreadyExists, .unavailable, .insufficientResources, .failed: throw error
            }
        }
    }
}
