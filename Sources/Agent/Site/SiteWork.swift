import CloudModel
import Federation
import Logging
import MachineDrivers
import Storage
import Synchronization

/// Does what the ledger wants done to machines: make, start and delete them.
///
/// Keeps no list of its own: after a crash the ledger gives the same work again, and each piece may be repeated.
final class SiteWork: Sendable {
    private enum Job: Sendable {
        case create(SiteMachine)
        case start(SiteMachine)
        case delete(SiteMachine)

        var entry: SiteMachine {
            switch self {
            case .create(let entry), .start(let entry), .delete(let entry): entry
            }
        }
    }

    /// Pieces of work that are done at the same time, image downloads among them.
    static let concurrencyMax = 8

    let service: SiteService
    let images: ImageStore
    /// The wait before work that failed for a passing reason is tried again.
    let retryDelay: Duration
    let logger: Logger
    private let underWay = Mutex<Set<MachineID>>([])

    init(service: SiteService, images: ImageStore, retryDelay: Duration, logger: Logger) {
        self.service = service
        self.images = images
        self.retryDelay = retryDelay
        self.logger = logger
    }

    /// Works until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in self.service.keeper.changed.rings() {
                for job in self.claim(await self.service.keeper.read(\.work)) {
                    group.addTask {
                        await self.perform(job)
                        self.underWay.withLock { jobs in
                            _ = jobs.remove(job.entry.machine.id)
                        }
                        // There may be more to do for the same machine.
                        self.service.keeper.changed.ring()
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// The work that nobody does yet, as far as there is room for it.
    private func claim(_ work: SiteLedger.Work) -> [Job] {
        let jobs =
            work.toDelete.map(Job.delete) + work.toStart.map(Job.start) + work.toCreate.map(Job.create)
        return self.underWay.withLock { underWay in
            var claimed: [Job] = []
            for job in jobs where underWay.count < Self.concurrencyMax {
                if underWay.insert(job.entry.machine.id).inserted { claimed.append(job) }
            }
            return claimed
        }
    }

    private func perform(_ job: Job) async {
        let machine = job.entry.machine
        do {
            switch job {
            case .create(let entry): try await self.create(entry)
            case .start(let entry): try await self.start(entry)
            case .delete(let entry): try await self.delete(entry)
            }
        } catch is CancellationError {
            return
        } catch let error as DriverError where error.isPassing {
            await self.pause()
        } catch let error as SiteRefusal {
            self.logger.error(
                "cannot write down what became of a machine",
                metadata: ["machine": "\(machine.id)", "error": "\(error.message)"])
            await self.pause()
        } catch {
            await self.fail(machine, reason: "\(error)")
        }
    }

    private func create(_ entry: SiteMachine) async throws {
        let machine = entry.machine
        let image = try await self.images.prepare(machine.specification.image)
        try Task.checkCancellation()
        // It may have been deleted while its image was on the way.
        guard await self.service.keeper.read({ $0.machines[machine.id]?.isDoomed }) == false else { return }
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
            ledger.observe(id, found.state, reason: found.reason, from: .listing, now: now)
        }
        self.logger.info("started a machine", metadata: Self.metadata(entry.machine))
    }

    private func delete(_ entry: SiteMachine) async throws {
        let id = entry.machine.id
        do throws(DriverError) {
            try await self.service.driver.delete(id)
        } catch {
            switch error {
            case .notFound:
                // Never made, or deleted before a crash.
                break
            case .alreadyExists, .invalidState, .unavailable, .insufficientResources, .failed:
                // It stays doomed: deleting is tried until it works.
                self.logger.warning(
                    "cannot delete a machine yet", metadata: ["machine": "\(id)", "error": "\(error)"])
                return await self.pause()
            }
        }
        let now = self.service.now()
        try await self.service.keeper.change { ledger throws(SiteRefusal) in
            ledger.removed(id, now: now)
        }
        self.logger.info("deleted a machine", metadata: Self.metadata(entry.machine))
    }

    private func fail(_ machine: Machine, reason: String) async {
        var metadata = Self.metadata(machine)
        metadata["error"] = "\(reason)"
        self.logger.error("a machine could not be made or started", metadata: metadata)
        let now = self.service.now()
        do throws(SiteRefusal) {
            try await self.service.keeper.change { ledger throws(SiteRefusal) in
                ledger.failed(machine.id, reason: reason, now: now)
            }
        } catch {
            // The machine keeps its state, and the work is given out again.
            self.logger.error(
                "cannot write down that a machine failed", metadata: ["error": "\(error.message)"])
            await self.pause()
        }
    }

    /// Cancellation only ends the wait: the loop that started this work ends with it.
    private func pause() async {
        do {
            try await Task.sleep(for: self.retryDelay)
        } catch {
            return
        }
    }

    private static func metadata(_ machine: Machine) -> Logger.Metadata {
        ["machine": "\(machine.id)", "name": "\(machine.specification.name)"]
    }
}
