import CloudModel
import Federation
import Logging
import MachineDrivers
import Storage
import Synchronization

/// Does what the ledger wants done to machines: make, start and delete them.
///
/// Keeps no list of its own: after a crash the ledger gives the same work again, and each piece may be repeated. What
/// fails for a passing reason is tried again after a pause that grows. Nothing is done while the hypervisor is out of
/// reach.
final class SiteWork: Sendable {
    private enum Kind: Hashable, Sendable, CaseIterable {
        case create, start, delete
    }

    private struct Job: Hashable, Sendable {
        let kind: Kind
        let machine: MachineID
    }

    private enum Outcome: Sendable {
        /// Done, failed for good, or given up because nobody wants it any more.
        case over
        /// To be tried again; `reason` is nil if somebody else has told the log.
        case again(reason: String?)
    }

    private struct State {
        var underWay: [MachineID: Kind] = [:]
        /// Left alone until their pause is over.
        var resting: Set<Job> = []
        /// How many times in a row it came to nothing.
        var failures: [Job: Int] = [:]

        func hasRoom(for kind: Kind) -> Bool {
            let creations = self.underWay.values.count { $0 == .create }
            return switch kind {
            case .create: creations < SiteWork.creationsMax
            case .start, .delete: self.underWay.count - creations < SiteWork.ordersMax
            }
        }
    }

    /// Machines that are made at the same time, their image downloads included.
    static let creationsMax = 8
    /// Machines that are started or deleted at the same time; no creation takes their place.
    static let ordersMax = 8

    let service: SiteService
    let images: ImageStore
    /// The pause after a first failure; doubled by each further one, as for reports.
    let retryDelay: Duration
    let logger: Logger
    private let state = Mutex(State())
    /// Rings when there may be more to do though nothing has changed.
    private let again = Bell()

    init(service: SiteService, images: ImageStore, retryDelay: Duration, logger: Logger) {
        self.service = service
        self.images = images
        self.retryDelay = retryDelay
        self.logger = logger
    }

    /// Works until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in self.service.keeper.changed.rings(or: self.again) {
                let uptime = self.service.uptime()
                let work = self.service.keeper.read { ledger in
                    guard ledger.outage == nil else { return SiteLedger.Work() }
                    var work = ledger.work
                    work.toStart.removeAll { !ledger.mayStart($0, at: uptime) }
                    return work
                }
                for (job, entry) in self.claim(work) {
                    group.addTask {
                        let pause = self.release(job, await self.perform(job, entry))
                        // There may be more to do for the same machine, or another has waited for the place.
                        self.again.ring()
                        if let pause { await self.rest(job, for: pause) }
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// The work that nobody does yet, as far as there is room for it.
    private func claim(_ work: SiteLedger.Work) -> [(Job, SiteMachine)] {
        let wanted =
            work.toDelete.map { (Kind.delete, $0) } + work.toStart.map { (Kind.start, $0) }
            + work.toCreate.map { (Kind.create, $0) }
        return self.state.withLock { state in
            var claimed: [(Job, SiteMachine)] = []
            for (kind, entry) in wanted {
                let job = Job(kind: kind, machine: entry.machine.id)
                guard state.underWay[job.machine] == nil, !state.resting.contains(job),
                    state.hasRoom(for: kind)
                else { continue }
                state.underWay[job.machine] = kind
                claimed.append((job, entry))
            }
            return claimed
        }
    }

    /// Gives its place back; how long to leave it alone if it is to be tried again.
    private func release(_ job: Job, _ outcome: Outcome) -> Duration? {
        let failures = self.state.withLock { state -> Int? in
            state.underWay[job.machine] = nil
            switch outcome {
            case .over:
                for kind in Kind.allCases { state.failures[Job(kind: kind, machine: job.machine)] = nil }
                return nil
            case .again:
                state.resting.insert(job)
                state.failures[job, default: 0] += 1
                return state.failures[job]
            }
        }
        guard let failures else { return nil }
        if failures == 1, case .again(let reason?) = outcome {
            self.logger.warning(
                "work on a machine came to nothing; it is tried until it is done",
                metadata: [
                    "work": "\(job.kind)", "machine": "\(job.machine)", "error": "\(reason)",
                ])
        }
        return SiteReports.pause(afterFailures: failures, first: self.retryDelay)
    }

    /// Cancellation only ends the pause: the loop that gave the work out ends with it.
    private func rest(_ job: Job, for pause: Duration) async {
        do {
            try await Task.sleep(for: pause)
        } catch {
            return
        }
        self.state.withLock { _ = $0.resting.remove(job) }
        self.again.ring()
    }

    private func perform(_ job: Job, _ entry: SiteMachine) async -> Outcome {
        do {
            switch job.kind {
            case .create: try await self.create(entry)
            case .start: try await self.start(entry)
            case .delete: try await self.delete(entry)
            }
            return .over
        } catch is CancellationError {
            return .over
        } catch let error as DriverError where error.isPassing {
            return .again(reason: nil)
        } catch is SiteRefusal {
            // The disk did not take it, and the keeper has said so.
            return .again(reason: nil)
        } catch {
            // Whatever is cut off fails in its own way, and none is the machine's fault.
            if Task.isCancelled { return .over }
            switch job.kind {
            case .delete: return .again(reason: "\(error)")
            case .create, .start: return await self.fail(entry.machine, reason: "\(error)")
            }
        }
    }

    private func create(_ entry: SiteMachine) async throws {
        let machine = entry.machine
        let image = try await self.image(for: machine)
        try Task.checkCancellation()
        // It may have been deleted while its image was on the way.
        guard self.service.isWanted(machine.id) else { return }
        let definition = MachineDefinition(
            id: machine.id, site: machine.site, holder: entry.holder, reservation: entry.reservation,
            specification: machine.specification, replica: machine.replica, created: machine.created)
        do throws(DriverError) {
            try await self.service.driver.create(definition, from: image, on: entry.host)
        } catch {
            // It may have been made before a crash.
            guard case .alreadyExists = error else { throw error }
        }
        let now = self.service.now()
        try await self.service.keeper.change { ledger throws(SiteRefusal) in
            ledger.defined(machine.id, now: now)
        }
        self.logger.info("made a machine", metadata: Self.metadata(machine))
    }

    /// Its image; gives up with a `CancellationError` as soon as the machine is to be deleted.
    private func image(for machine: Machine) async throws -> PreparedImage {
        let service = self.service
        let images = self.images
        return try await withThrowingTaskGroup(of: PreparedImage?.self) { group in
            group.addTask {
                try await images.prepare(machine.specification.image) {
                    service.keeper.read(\.imagesInUse)
                }
            }
            group.addTask {
                for await _ in service.keeper.changed.rings() {
                    guard service.isWanted(machine.id) else { return nil }
                }
                return nil
            }
            defer { group.cancelAll() }
            guard let image = try await group.next() ?? nil else { throw CancellationError() }
            return image
        }
    }

    private func start(_ entry: SiteMachine) async throws {
        let id = entry.machine.id
        do throws(DriverError) {
            try await self.service.driver.start(id)
        } catch {
            // It may have been started before a crash.
            guard case .invalidState(_, .running, _) = error else { throw error }
        }
        let found = try await self.service.driver.machine(id)
        let now = self.service.now()
        try await self.service.keeper.change { ledger throws(SiteRefusal) in
            ledger.observe(id, found.state, reason: found.reason, from: .start, now: now)
        }
        self.logger.info("started a machine", metadata: Self.metadata(entry.machine))
    }

    private func delete(_ entry: SiteMachine) async throws {
        let id = entry.machine.id
        do throws(DriverError) {
            try await self.service.driver.delete(id)
        } catch {
            // Never made, or deleted before a crash; the driver has cleared away what that left.
            guard case .notFound = error else { throw error }
        }
        let now = self.service.now()
        try await self.service.keeper.change { ledger throws(SiteRefusal) in
            ledger.removed(id, now: now)
        }
        self.logger.info("deleted a machine", metadata: Self.metadata(entry.machine))
    }

    private func fail(_ machine: Machine, reason: String) async -> Outcome {
        let now = self.service.now()
        do throws(SiteRefusal) {
            try await self.service.keeper.change { ledger throws(SiteRefusal) in
                ledger.failed(machine.id, reason: reason, now: now)
            }
        } catch {
            // The machine keeps its state, and the work is given out again.
            return .again(reason: nil)
        }
        var metadata = Self.metadata(machine)
        metadata["error"] = "\(reason)"
        self.logger.error("a machine could not be made or started", metadata: metadata)
        return .over
    }

    private static func metadata(_ machine: Machine) -> Logger.Metadata {
        ["machine": "\(machine.id)", "name": "\(machine.specification.name)"]
    }
}

extension SiteService {
    /// Whether the machine is there and not to be deleted.
    fileprivate func isWanted(_ id: MachineID) -> Bool {
        self.keeper.read { $0.machines[id]?.isDoomed } == false
    }
}
