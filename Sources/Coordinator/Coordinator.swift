package import CloudModel
package import Federation
package import Logging
package import Operations
import Placement
import ServiceLifecycle
package import Storage
import Synchronization

/// Finds sites for workloads and brings each replica to one of them.
///
/// It owns no capacity: sites decide. Every step is stored before it is taken, so that a coordinator that is killed at
/// any moment goes on where it was. Requests to sites run beside each other; a silent site holds up only what waits
/// for it.
package final class Coordinator: Service {
    let configuration: Configuration
    let store: PlacementStore
    let sites: any SiteAccess
    let now: @Sendable () -> Instant
    /// A clock that never jumps, which leases are counted by.
    let uptime: @Sendable () -> Duration
    let pause: @Sendable (Duration) async throws -> Void
    /// Is told what happens to workloads, where somebody listens.
    let tell: (@Sendable (WorkloadNews) async -> Void)?
    let logger: Logger
    let state: Mutex<CoordinatorState>
    /// Says that steps are pending; one signal stands for any number of them.
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    /// Signals that applications are to be looked at; one signal stands for any number of them.
    let applicationNews: AsyncStream<Void>
    let applicationNudge: AsyncStream<Void>.Continuation

    /// A coordinator that begins to work when it is run.
    ///
    /// `now` is the clock of this process; `pause` waits, and throws if the task is cancelled meanwhile.
    package init(
        configuration: Configuration, store: PlacementStore, sites: any SiteAccess,
        now: @escaping @Sendable () -> Instant,
        uptime: @escaping @Sendable () -> Duration = Coordinator.sinceLaunch(),
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        tell: (@Sendable (WorkloadNews) async -> Void)? = nil, logger: Logger
    ) {
        self.configuration = configuration
        self.store = store
        self.sites = sites
        self.now = now
        self.uptime = uptime
        self.pause = pause
        self.tell = tell
        self.logger = logger
        self.state = Mutex(
            CoordinatorState(keeper: Keeper(rules: configuration.keeping), rules: configuration.rules))
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (self.applicationNews, self.applicationNudge) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads the time that has passed since this was called.
    package static func sinceLaunch() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { start.duration(to: .now) }
    }

    /// Resumes what was under way and takes steps until the process shuts down; may be called once.
    package func run() async throws {
        let sites = try await self.resume()
        await withGracefulShutdownHandler {
            await self.work(startingAt: sites)
        } onGracefulShutdown: {
            self.wake.finish()
        }
    }

    /// Takes steps, each in a task of its own, until the signals end.
    private func work(startingAt sites: Set<SiteID>) async {
        await withDiscardingTaskGroup { group in
            for site in sites { group.addTask { await self.refresh(site) } }
            group.addTask { await self.keep() }
            if let tell { group.addTask { await self.publish(to: tell) } }
            group.addTask { await self.advanceApplications() }
            group.addTask { await self.rebalance() }
            for await _ in self.wakes {
                for step in self.state.withLock({ $0.takePending() }) {
                    group.addTask { await self.take(step) }
                }
            }
            group.cancelAll()
        }
    }

    /// Whether what was stored has been read, and requests are taken.
    package var isReady: Bool { self.state.withLock(\.isLoaded) }

    /// Reads what was stored and continues it; the sites that have machines of ours.
    private func resume() async throws -> Set<SiteID> {
        do {
            try await self.store.forget(removedBefore: self.forgetting())
        } catch {
            // A full disk must not keep what is placed from being looked after.
            self.logger.error("removed workloads not forgotten", metadata: ["error": "\(error)"])
        }
        let stored = try await self.store.load()
        let applications = try await self.store.applications.load()
        let forgetting = self.forgetting()
        let forgotten = CoordinatorState.forgottenUntil(stored, keeping: self.configuration.removedLimit)
        self.state.withLock { state in
            state.feed.load(stored, forgetting: max(forgetting, forgotten ?? forgetting))
            state.load(stored)
            state.applications.load(applications)
        }
        self.applicationNudge.yield()
        let unsettled = stored.count { !$0.saga.isSettled }
        self.logger.info(
            "coordinator resumes", metadata: ["workloads": "\(stored.count)", "unsettled": "\(unsettled)"])
        self.wake.yield()
        return Set(stored.flatMap { $0.saga.replicaStates }.filter { $0.machine != nil }.compactMap(\.site))
    }

    /// Removed workloads whose last change is older than this are forgotten.
    func forgetting() -> Instant {
        self.now().advanced(by: .zero - self.configuration.remembrance)
    }

    /// Takes the state of a machine that its site has pushed; returns once it is on disk, so that it may be acknowledged.
    ///
    /// Unavailable until what was stored has been read: a site keeps what is refused, and sends it again.
    package func receive(_ report: MachineReport, from site: SiteID) async throws(OperationError) {
        try self.requireLoaded()
        await self.note(report.machine, at: site)
    }

    /// Takes what a site says of a machine; returns once it is on disk.
    func note(_ machine: Machine, at site: SiteID) async {
        guard machine.site == site, let replica = machine.replica else { return }
        await self.apply(.reported(machine), to: replica.workload, replica: replica.index)
    }

    /// Lets one event change a workload, stores that, and schedules what it calls for.
    func apply(_ event: PlacementSaga.Event, to workload: WorkloadID, replica: Int) async {
        let change = self.state.withLock { state in
            state.change(workload, now: self.now()) { saga in
                saga.handle(event, replica: replica)
            }
        }
        if let change { await self.commit(change) }
    }

    /// Stores a change, however long the disk takes to accept it, and only then schedules its directives.
    func commit(_ change: CoordinatorState.Change) async {
        var isLogged = false
        while change.isNew {
            do {
                try await self.store.save(
                    change.placement, replicas: change.replicas, events: change.events)
                break
            } catch {
                if !isLogged {
                    self.logger.error(
                        "placement not stored, will try again",
                        metadata: ["workload": "\(change.placement.id)", "error": "\(error)"])
                    isLogged = true
                }
            }
            do {
                try await self.pause(self.configuration.storageRetry)
            } catch {
                return
            }
            // One that was forgotten meanwhile, or never came to disk, has no row that takes a change.
            let isKnown = self.state.withLock { $0.placements[change.placement.id] != nil }
            guard isKnown else { return }
        }
        self.follow(change)
    }

    /// Schedules the directives of a change that is on disk and tells those who wait for news.
    func follow(_ change: CoordinatorState.Change) {
        let watchers = self.state.withLock { state in
            state.stored(change)
            state.schedule(change.directives, for: change.placement.id)
            return state.watchers(of: change.placement.id)
        }
        if !change.directives.isEmpty { self.wake.yield() }
        for watcher in watchers { watcher.yield() }
        if change.placement.specification.part != nil { self.applicationNudge.yield() }
    }
}
