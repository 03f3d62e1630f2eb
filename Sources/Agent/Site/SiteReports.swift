import CloudModel
import Federation
import Logging
import Storage
import Synchronization

/// Tells holders what becomes of their machines: at each change, and again until they have acknowledged it.
///
/// Keeps no list of its own: what is not acknowledged is in the ledger, and is told again after a restart. Only the
/// latest state of a machine is told, and one report about a machine is under way at a time, so that none overtakes
/// another. A state that is on its way to another is told only if it lasts, so that a machine that is made and started
/// at once costs one report. One holder out of reach does not hold up the others.
final class SiteReports: Sendable {
    /// Reports to one holder that are under way at a time: half of what a dispatcher takes from one sender.
    static let reportsPerHolder = 16
    /// The longest pause before a holder that did not answer is tried again.
    static let longestPause = Duration.seconds(60)
    /// How long, at least, a passing state such as `starting` must last to be told; at most twice that.
    static let passingTime = Duration.milliseconds(250)

    fileprivate struct State {
        /// Machines in a passing state that was seen since the last alarm, and in which revision.
        var young: [MachineID: Int] = [:]
        /// Those that were seen before the last alarm; at the next their state has lasted.
        var watched: [MachineID: Int] = [:]
        /// Those whose passing state has lasted.
        var lasting: [MachineID: Int] = [:]
        var isAlarmSet = false
        var underWay: [SiteID: Set<MachineID>] = [:]
        /// Holders that did not answer, and how many times in a row.
        var failures: [SiteID: Int] = [:]
        /// Those of them that are left alone until their pause is over.
        var resting: Set<SiteID> = []
    }

    private let service: SiteService
    /// Returns once the holder has acknowledged; throws if it has not.
    private let send: @Sendable (Machine, SiteID) async throws -> Void
    /// Whether a holder is a program that takes reports.
    private let listens: @Sendable (SiteID) -> Bool
    /// The pause after a first failure; doubled by each further one.
    private let retryDelay: Duration
    private let logger: Logger
    private let state = Mutex(State())

    init(
        service: SiteService, send: @escaping @Sendable (Machine, SiteID) async throws -> Void,
        listens: @escaping @Sendable (SiteID) -> Bool, retryDelay: Duration, logger: Logger
    ) {
        self.service = service
        self.send = send
        self.listens = listens
        self.retryDelay = retryDelay
        self.logger = logger
    }

    /// Reports until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in self.service.keeper.changed.rings() {
                let (claimed, isAlarmDue) = self.claim(self.service.keeper.read(\.unreported))
                for entry in claimed {
                    group.addTask {
                        await self.report(entry)
                        self.release(entry)
                        // It is acknowledged; its state may have changed meanwhile, or another one may have waited
                        // for its place.
                        self.service.keeper.changed.ring()
                    }
                }
                if isAlarmDue { group.addTask { await self.alarm() } }
            }
            group.cancelAll()
        }
    }

    /// What is to be told and nobody tells yet, as far as there is room for it; whether an alarm is to be set.
    private func claim(_ unreported: [SiteMachine]) -> (claimed: [SiteMachine], isAlarmDue: Bool) {
        self.state.withLock { state in
            let wasSet = state.isAlarmSet
            let claimed = unreported.filter { entry in
                let holder = entry.holder
                guard state.lasts(entry), !state.resting.contains(holder),
                    state.underWay[holder, default: []].count < Self.reportsPerHolder
                else { return false }
                return state.underWay[holder, default: []].insert(entry.machine.id).inserted
            }
            for entry in claimed { state.lasting[entry.machine.id] = nil }
            return (claimed, state.isAlarmSet && !wasSet)
        }
    }

    /// Lets passing states count as lasting after a while, as long as there are any.
    private func alarm() async {
        var isNeeded = true
        while isNeeded {
            do {
                try await Task.sleep(for: Self.passingTime)
            } catch {
                // The agent ends, and the ledger remembers.
                return
            }
            isNeeded = self.state.withLock { state in
                state.lasting.merge(state.watched) { _, new in new }
                state.watched = state.young
                state.young = [:]
                state.isAlarmSet = !state.watched.isEmpty
                return state.isAlarmSet
            }
            self.service.keeper.changed.ring()
        }
    }

    private func release(_ entry: SiteMachine) {
        self.state.withLock { state in
            state.underWay[entry.holder]?.remove(entry.machine.id)
            if state.underWay[entry.holder]?.isEmpty == true { state.underWay[entry.holder] = nil }
        }
    }

    private func report(_ entry: SiteMachine) async {
        let (id, revision) = (entry.machine.id, entry.revision)
        do {
            // People look when they want to know; only programs are told.
            if self.listens(entry.holder) { try await self.send(entry.machine, entry.holder) }
            await self.service.keeper.acknowledged(id, revision: revision)
            let hadFailed = self.state.withLock { $0.failures.removeValue(forKey: entry.holder) != nil }
            if hadFailed {
                self.logger.info(
                    "a holder takes reports again", metadata: ["holder": "\(entry.holder)"])
            }
        } catch {
            if Task.isCancelled { return }
            await self.rest(entry.holder, after: error)
        }
    }

    /// Leaves a holder alone for a while; only the first of several failures at a time does so.
    private func rest(_ holder: SiteID, after error: any Error) async {
        let failures = self.state.withLock { state -> Int? in
            guard state.resting.insert(holder).inserted else { return nil }
            state.failures[holder, default: 0] += 1
            return state.failures[holder]
        }
        guard let failures else { return }
        if failures == 1 {
            self.logger.warning(
                "a holder does not take reports; they are kept and sent again",
                metadata: ["holder": "\(holder)", "error": "\(error)"])
        }
        do {
            try await Task.sleep(for: Self.pause(afterFailures: failures, first: self.retryDelay))
        } catch {
            // The agent ends, and the ledger remembers.
            return
        }
        self.state.withLock { _ = $0.resting.remove(holder) }
    }

    /// `min(longest, first × 2^(failures − 1))`.
    static func pause(afterFailures failures: Int, first: Duration) -> Duration {
        min(self.longestPause, first * (1 << min(max(failures - 1, 0), 16)))
    }
}

extension SiteReports.State {
    /// Whether the state of a machine is worth a report: it stays as it is, or has been passing for a while.
    fileprivate mutating func lasts(_ entry: SiteMachine) -> Bool {
        let id = entry.machine.id
        guard entry.machine.state.isPassing else {
            self.young[id] = nil
            self.watched[id] = nil
            self.lasting[id] = nil
            return true
        }
        if self.lasting[id] == entry.revision { return true }
        if self.watched[id] == entry.revision { return false }
        self.young[id] = entry.revision
        self.isAlarmSet = true
        return false
    }
}

extension MachineState {
    /// Whether another state follows by itself.
    fileprivate var isPassing: Bool {
        switch self {
        case .creating, .starting, .stopping: true
        case .running, .suspended, .stopped, .failed, .deleted: false
        }
    }
}
