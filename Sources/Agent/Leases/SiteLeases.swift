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
    /// Asks a holder; returns its answer, and throws if there is none in the time given.
    typealias Ask = @Sendable (LeaseRequest, SiteID, Duration) async throws -> LeaseAnswer

    private struct State {
        /// Holders that are being asked.
        var asking: Set<SiteID> = []
        /// When each may be asked next.
        var due: [SiteID: Uptime] = [:]
        var asked: [SiteID: Uptime] = [:]
        /// Holders that did not answer the last time, so that the log is told once.
        var silent: Set<SiteID> = []
        /// Machines that are being stopped.
        var fencing: Set<MachineID> = []
        /// Those that wait until others are, the next one last.
        var waiting: [MachineID] = []
        /// Those that could not be stopped.
        var trials: [MachineID: Trial] = [:]
    }

    private struct Trial {
        /// How many times in a row it came to nothing.
        var failures = 0
        /// How many more looks it is left alone for.
        var rest = 0
    }

    /// How long a machine that waits for its lease waits at most until it is asked for.
    static let longestWait = Duration.seconds(1)
    /// Machines that are stopped at the same time.
    static let stopsMax = 16
    /// For how many looks at most a machine that could not be stopped is left alone.
    static let longestRest = 8

    let service: SiteService
    let ask: Ask
    let uptime: @Sendable () -> Uptime
    /// How often it looks, at least.
    let interval: Duration
    let logger: Logger
    private let state = Mutex(State())

    init(
        service: SiteService, ask: @escaping Ask, uptime: @escaping @Sendable () -> Uptime,
        interval: Duration, logger: Logger
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
                let review = self.service.keeper.read { $0.reviewLeases(at: now) }
                for id in self.claimFencing(review.lapsed) {
                    group.addTask { await self.fence(beginningWith: id) }
                }
                let due = self.claimDue(review, at: now)
                if !due.isEmpty {
                    let holders = Set(due.map(\.holder))
                    let requests = self.service.keeper.read { $0.leaseRequests(of: holders) }
                    for (holder, lease) in due {
                        group.addTask { await self.renew(requests[holder] ?? [], of: holder, lease: lease) }
                    }
                }
                // What each look comes late may not add up to a renewal.
                let shortest = review.shortest.values.min() ?? .seconds(60)
                try await Task.sleep(for: min(self.interval, shortest / 64))
            }
        }
    }

    // MARK: Renewing

    /// The holders that are to be asked now, with the shortest lease of each.
    private func claimDue(
        _ review: SiteLedger.LeaseReview, at now: Uptime
    ) -> [(holder: SiteID, lease: Duration)] {
        self.state.withLock { state in
            var due: [(holder: SiteID, lease: Duration)] = []
            for (holder, lease) in review.shortest.sorted(by: { $0.key < $1.key }) {
                let left = state.due[holder].flatMap { now.duration(to: $0) } ?? .zero
                // One that waits to start does not wait for the next round.
                let since = state.asked[holder].flatMap { $0.duration(to: now) } ?? Self.longestWait
                let isDue = left <= .zero || review.awaited.contains(holder) && since >= Self.longestWait
                guard isDue, state.asking.insert(holder).inserted else { continue }
                state.asked[holder] = now
                due.append((holder, lease))
            }
            return due
        }
    }

    private func renew(_ leases: [LeaseRequest.Lease], of holder: SiteID, lease: Duration) async {
        let asked = self.uptime()
        var isAnswered = true
        for start in stride(from: 0, to: leases.count, by: WireLimits.leasesPerRequest) {
            let part = Array(leases[start...].prefix(WireLimits.leasesPerRequest))
            guard await self.renew(part: part, of: holder, within: SiteLedger.patience(of: lease)) else {
                isAnswered = false
                break
            }
        }
        let next =
            isAnswered
            ? asked.advanced(by: SiteLedger.renewal(of: lease))
            : self.uptime().advanced(by: SiteLedger.pause(of: lease))
        self.state.withLock { state in
            state.due[holder] = next
            state.asking.remove(holder)
        }
    }

    private func renew(
        part leases: [LeaseRequest.Lease], of holder: SiteID, within patience: Duration
    ) async -> Bool {
        let asked = self.uptime()
        do {
            let answer = try await self.ask(LeaseRequest(leases: leases), holder, patience)
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

    /// Those of `lapsed` that are to be stopped at once; the others wait until a place is free or their rest is over.
    private func claimFencing(_ lapsed: [MachineID]) -> [MachineID] {
        self.state.withLock { state in
            let wanted = Set(lapsed)
            state.trials = state.trials.filter { wanted.contains($0.key) || state.fencing.contains($0.key) }
            var waiting: [MachineID] = []
            for id in lapsed where !state.fencing.contains(id) {
                if let rest = state.trials[id]?.rest, rest > 0 {
                    state.trials[id]?.rest = rest - 1
                } else {
                    waiting.append(id)
                }
            }
            state.waiting = waiting.reversed()
            var claimed: [MachineID] = []
            while state.fencing.count < Self.stopsMax, let id = state.waiting.popLast() {
                state.fencing.insert(id)
                claimed.append(id)
            }
            return claimed
        }
    }

    /// Stops one machine after the other, as long as there are any that nobody stops yet.
    private func fence(beginningWith first: MachineID) async {
        var next: MachineID? = first
        while let id = next {
            await self.fence(id)
            next = self.state.withLock { state -> MachineID? in
                state.fencing.remove(id)
                guard !Task.isCancelled, let following = state.waiting.popLast() else { return nil }
                state.fencing.insert(following)
                return following
            }
        }
    }

    private func fence(_ id: MachineID) async {
        guard await self.begin(id) else { return }
        if self.state.withLock({ $0.trials[id] == nil }) {
            self.logger.warning(
                "a machine's lease ran out: it is stopped", metadata: ["machine": "\(id)"])
        }
        do {
            try await self.service.stop(id)
            let now = self.service.now()
            try await self.service.keeper.change { ledger throws(SiteRefusal) in
                ledger.fenced(id, now: now)
            }
            self.state.withLock { $0.trials[id] = nil }
        } catch {
            let failures = self.state.withLock { state -> Int in
                var trial = state.trials[id] ?? Trial()
                trial.failures += 1
                trial.rest = min(Self.longestRest, 1 << min(trial.failures - 1, 16))
                state.trials[id] = trial
                return trial.failures
            }
            guard failures == 1, !Task.isCancelled else { return }
            self.logger.error(
                "a machine whose lease ran out could not be stopped; it is tried until it is",
                metadata: ["machine": "\(id)", "error": "\(error)"])
        }
    }

    /// Writes down that the machine is about to be stopped; whether it has to be.
    private func begin(_ id: MachineID) async -> Bool {
        let (uptime, now) = (self.uptime(), self.service.now())
        do throws(SiteRefusal) {
            let entry = try await self.service.keeper.change { ledger throws(SiteRefusal) in
                ledger.beginFencing(id, at: uptime, now: now)
            }
            return entry != nil
        } catch {
            // A disk that takes nothing gives nobody a longer lease; the keeper has told the log.
            return self.service.keeper.read { $0.isLapsed(id, at: uptime) }
        }
    }
}
