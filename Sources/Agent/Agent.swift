package import CloudModel
import Cryptography
package import Federation
package import Logging
package import MachineDrivers
package import Operations
import ServiceLifecycle
package import Storage

/// The role that stands for a site: the only authority over its capacity and its machines.
///
/// Nothing runs before `run()`. Ending it leaves every machine as it is; the next start adopts what it finds.
package struct Agent: Service {
    /// How the agent reaches the rest of the alliance.
    package struct Outlets: Sendable {
        /// Tells a machine's holder its new state; returns once the holder has acknowledged it, and throws if it has not.
        package var report: @Sendable (Machine, SiteID) async throws -> Void
        /// Publishes the site's row.
        package var publish: @Sendable (SiteDescription) async -> Void
        /// Tells of machines whose state changed; `isNews` is false for what was there when the agent started.
        package var tell: @Sendable (_ machines: [Machine], _ isNews: Bool) async -> Void
        /// Whether a holder is a program of the alliance; people are not told of their machines, they look.
        package var listens: @Sendable (SiteID) -> Bool
        /// Asks a holder for leases; returns its answer, and throws if there is none in the time given.
        package var renew: @Sendable (LeaseRequest, SiteID, Duration) async throws -> LeaseAnswer

        package init(
            report: @escaping @Sendable (Machine, SiteID) async throws -> Void,
            publish: @escaping @Sendable (SiteDescription) async -> Void,
            listens: @escaping @Sendable (SiteID) -> Bool,
            tell: @escaping @Sendable (_ machines: [Machine], _ isNews: Bool) async -> Void = { _, _ in },
            renew: @escaping @Sendable (LeaseRequest, SiteID, Duration) async throws -> LeaseAnswer = {
                _, _, _ in LeaseAnswer(granted: [], over: [])
            }
        ) {
            self.report = report
            self.publish = publish
            self.listens = listens
            self.tell = tell
            self.renew = renew
        }
    }

    package let service: SiteService
    private let configuration: AgentConfiguration
    private let images: ImageStore
    private let outlets: Outlets
    private let logger: Logger

    private static let drawMachineID: @Sendable () -> MachineID = {
        var generator = SecureRandom()
        return MachineID(randomUsing: &generator)
    }

    /// Reads what the site has kept in `database`.
    ///
    /// `load` reads what the hosts do, if they are where this process is; `makeMachineID` draws the ids of new
    /// machines, at random if nil.
    package init(
        configuration: AgentConfiguration, driver: any MachineDriver, images: ImageStore,
        database: Database, outlets: Outlets, logger: Logger,
        now: @escaping @Sendable () -> Instant,
        uptime: @escaping @Sendable () -> Uptime = { .system() }, load: LoadReader = .none,
        makeMachineID: (@Sendable () -> MachineID)? = nil
    ) throws {
        let keeper = try SiteKeeper(
            site: configuration.site, rules: configuration.rules, policy: configuration.policy,
            store: MachineStore(database), logger: logger)
        self.service = SiteService(
            site: configuration.site, keeper: keeper, driver: driver, now: now,
            uptime: uptime, meter: LoadMeter(reader: load, rules: configuration.heat),
            makeMachineID: makeMachineID ?? Self.drawMachineID)
        self.configuration = configuration
        self.images = images
        self.outlets = outlets
        self.logger = logger
    }

    /// What the site says about itself now.
    package var description: SiteDescription {
        self.row.description
    }

    /// What its hosts do, now and lately; nil before the first measurement.
    package var load: LoadReport? {
        get async { await self.service.meter.report(of: self.configuration.site, at: self.service.now()) }
    }

    /// Why the hypervisor is out of reach, as it was seen last; nil if it is not.
    package var outage: String? {
        self.service.keeper.read(\.outage)
    }

    /// Answers the federation's requests under `grants`, which are asked for at each of them.
    package func responder(grants: @escaping @Sendable () async -> GrantBook) -> SiteResponder {
        SiteResponder(service: self.service, grants: grants, logger: self.logger)
    }

    /// Registers the operations on this site's hosts, machines and reservations.
    package func register(in table: inout OperationTable) {
        AgentOperations(service: self.service).register(in: &table)
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await self.work()
        }
    }

    private func work() async throws {
        let sight = SiteSight(
            service: self.service, measureInterval: self.configuration.measureInterval, logger: self.logger)
        let work = SiteWork(
            service: self.service, images: self.images, retryDelay: self.configuration.retryDelay,
            logger: self.logger)
        let reports = SiteReports(
            service: self.service, send: self.outlets.report, listens: self.outlets.listens,
            retryDelay: self.configuration.retryDelay, logger: self.logger)
        let leases = SiteLeases(
            service: self.service, ask: self.outlets.renew, uptime: self.service.uptime,
            interval: self.configuration.leaseInterval, logger: self.logger)
        // Subscribed before the driver connects, so that its first `resynchronize` is not missed.
        let events = self.service.driver.events()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.service.driver.run() }
            group.addTask { await sight.follow(events) }
            group.addTask { try await sight.measure() }
            group.addTask { await work.run() }
            group.addTask { await reports.run() }
            group.addTask { try await leases.run() }
            group.addTask { await SiteNews(service: self.service, tell: self.outlets.tell).run() }
            group.addTask { await self.row.run() }
            do {
                try await group.waitForAll()
            } catch is CancellationError {
                // The way it ends: whoever shuts down cancels.
            }
        }
    }

    private var row: SiteRow {
        SiteRow(
            service: self.service, profile: self.configuration.profile, publish: self.outlets.publish)
    }
}
