package import CloudModel
import DequeModule
package import Logging
package import Storage
import Synchronization
package import XMPP
import XMPPTransport

/// Carries out what a `LocalDomain` decides: writes to streams, to the disk, to other servers and to the service.
///
/// Safe to use from any thread, event loops included: nothing here blocks. What needs the disk goes through the
/// `DurableLane`.
package final class DomainShell: Sendable {
    /// Where stanzas leave the domain.
    package struct Exits: Sendable {
        /// To other domains.
        package var remote: @Sendable (Stanza) -> Void
        /// To the local service.
        package var service: @Sendable (Stanza) -> Void

        package init(
            remote: @escaping @Sendable (Stanza) -> Void, service: @escaping @Sendable (Stanza) -> Void
        ) {
            self.remote = remote
            self.service = service
        }
    }

    /// What waits behind an event that needs the disk.
    private struct Backlog {
        var work: Deque<Work> = []
        /// Streams that are not read from meanwhile, by id, and how to go on.
        var paused: [String: @Sendable () -> Void] = [:]
    }

    private enum Work {
        case event(DomainEvent)
        case call(@Sendable () -> Void)
    }

    let lane: DurableLane
    let store: AccountStore
    let rooms: RoomStore
    let pubSubStore: PubSubStore
    /// Nil if nothing is archived here.
    let archive: ArchiveLane?
    let keptPerAccount: Int
    let keptBytesPerAccount: Int
    /// The kept messages of the step that is carried out, to be removed once they have been handed out; by id.
    let handedOut: Mutex<[Int64]> = Mutex([])
    let now: @Sendable () -> Instant
    let logger: Logger
    /// Whose events come by no stream.
    private static let nobody = ""
    let keeper: Mutex<AccountKeeper?> = Mutex(nil)
    private let domain: Mutex<LocalDomain>
    private let exits: Mutex<Exits?> = Mutex(nil)
    let clients: Mutex<[SessionID: SessionOutlet]> = Mutex([:])
    let sessionLimits: SessionLimits
    /// By source, what came after an event that waits for the disk; absent for a source that waits for nothing.
    private let waiting: Mutex<[String: Backlog]> = Mutex([:])

    package init(
        domain: LocalDomain, database: Database, lane: DurableLane,
        sessionLimits: SessionLimits = SessionLimits(), keptBytesPerAccount: Int = 524_288,
        now: @escaping @Sendable () -> Instant,
        logger: Logger
    ) {
        self.sessionLimits = sessionLimits
        self.pubSubStore = PubSubStore(database: database)
        self.archive = domain.archive.map {
            ArchiveLane(store: ArchiveStore(database: database), limits: $0.limits, logger: logger)
        }
        self.keptPerAccount = domain.keptPerAccount
        self.keptBytesPerAccount = keptBytesPerAccount
        self.domain = Mutex(domain)
        self.store = AccountStore(database: database)
        self.rooms = RoomStore(database: database)
        self.lane = lane
        self.now = now
        self.logger = logger
    }

    /// Opens the exits; before that, what would leave is dropped.
    package func open(_ exits: Exits) {
        self.exits.withLock { $0 = exits }
    }

    /// Reads or changes the domain; only for what no event covers.
    func withDomain<Result: Sendable, Failure: Error>(
        _ body: (inout LocalDomain) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try self.domain.withLock { domain throws(Failure) in try body(&domain) }
    }

    // MARK: Events

    /// Handles an event of a source, which is a stream or a session that may have several after each other.
    ///
    /// If it needs the disk, it and all that follow from that source wait their turn; `pause` and `resume` hold the peer
    /// on `stream` back meanwhile, so that what waits is bounded by what had been read before.
    func handle(
        _ event: DomainEvent, from source: String, on stream: String, pause: () -> Void,
        resume: @escaping @Sendable () -> Void
    ) {
        var mustPause = false
        let mustWait = self.waiting.withLock { waiting in
            guard waiting[source] != nil else { return false }
            waiting[source]?.work.append(.event(event))
            mustPause = waiting[source]?.paused.updateValue(resume, forKey: stream) == nil
            return true
        }
        if mustPause { pause() }
        if mustWait { return }
        var events: Deque<DomainEvent> = [event]
        guard self.run(&events, of: source) != nil else {
            self.archive?.holdBack(source, pause: pause, resume: resume)
            return
        }
        self.waiting.withLock { $0[source] = Backlog(paused: [stream: resume]) }
        pause()
        let remaining = events
        let isQueued = self.lane.submit {
            await self.settle(remaining, of: source)
            await self.goOn(with: source)
        }
        if !isQueued {
            self.refuse(remaining)
            self.refuseBacklog(of: source)
        }
    }

    /// Handles what else waits from a source, each in a job of its own, behind those of others that came meanwhile.
    private func goOn(with source: String) async {
        while let next = self.nextWaiting(from: source) {
            let isQueued = self.lane.submit {
                await self.work(next, of: source)
                await self.goOn(with: source)
            }
            if isQueued { return }
            // No room for another job: then in this one.
            await self.work(next, of: source)
        }
    }

    private func work(_ work: Work, of source: String) async {
        switch work {
        case .event(let event): await self.settle([event], of: source)
        case .call(let body):
            await self.archive?.settle()
            body()
        }
    }

    /// Tells the senders of events that need the disk, which has no room for them.
    private func refuse(_ events: some Sequence<DomainEvent>) {
        self.logger.error("Stanzas are refused: the queue for the disk is full or closed")
        for event in events { self.perform(self.withDomain { $0.refuse(event) }) }
    }

    private func refuseBacklog(of source: String) {
        while let next = self.nextWaiting(from: source) {
            switch next {
            case .event(let event): self.perform(self.withDomain { $0.refuse(event) })
            case .call(let body): body()
            }
        }
    }

    /// Calls `body` once everything the source has sent so far has had its effect: at once if nothing waits.
    func afterBacklog(of source: String, _ body: @escaping @Sendable () -> Void) {
        let mustWait = self.waiting.withLock { waiting in
            waiting[source]?.work.append(.call(body))
            return waiting[source] != nil
        }
        if mustWait { return }
        guard let archive, !archive.isIdle else { return body() }
        let isQueued = self.lane.submit {
            await archive.settle()
            body()
        }
        if !isQueued {
            self.logger.error("Nothing is acknowledged: the queue for the disk is full or closed")
        }
    }

    /// What waits next from a source; if nothing does, events need not wait any more and its streams are read again.
    private func nextWaiting(from source: String) -> Work? {
        let (next, paused) = self.waiting.withLock { waiting -> (Work?, [String: @Sendable () -> Void]) in
            if let work = waiting[source]?.work.popFirst() { return (work, [:]) }
            return (nil, waiting.removeValue(forKey: source)?.paused ?? [:])
        }
        for resume in paused.values { resume() }
        return next
    }

    /// Handles an event and returns when it has had its effect.
    func handle(_ event: DomainEvent) async {
        var events: Deque<DomainEvent> = [event]
        guard self.run(&events, of: Self.nobody) != nil else { return }
        let remaining = events
        if await self.lane.perform({ await self.settle(remaining, of: Self.nobody) }) == nil {
            self.refuse(remaining)
        }
    }

    /// Handles an event that cannot need the disk: an IQ, or what the directives of an account's removal ask for.
    func handleNow(_ event: DomainEvent) {
        var events: Deque<DomainEvent> = [event]
        guard self.run(&events, of: Self.nobody) != nil else { return }
        let remaining = events
        if !self.lane.submit({ await self.settle(remaining, of: Self.nobody) }) {
            self.refuse(remaining)
        }
    }

    /// Handles the events in order up to the first that needs the disk, which then is the first that remains.
    private func run(_ events: inout Deque<DomainEvent>, of stream: String) -> DurableStep? {
        while let event = events.first {
            switch self.domain.withLock({ $0.handle(event, at: self.now()) }) {
            case .durable(let step): return step
            case .done(let directives):
                events.removeFirst()
                self.perform(directives, before: &events, of: stream)
            }
        }
        return nil
    }

    /// Handles the events and all that follows from them; in the lane only.
    private func settle(_ events: Deque<DomainEvent>, of stream: String) async {
        var events = events
        while let step = self.run(&events, of: stream) {
            events.removeFirst()
            let directives = await self.carryOut(step)
            self.perform(directives, before: &events, of: stream)
            await self.forgetHandedOut()
        }
    }

    /// Carries out directives that came of something else than an event.
    func perform(_ directives: [DomainDirective]) {
        var events: Deque<DomainEvent> = []
        self.perform(directives, before: &events, of: Self.nobody)
        for event in events { self.handleNow(event) }
    }

    /// Carries out what an event of a stream came to, or has it wait for the archive with all that stream has waiting.
    private func perform(
        _ directives: [DomainDirective], before events: inout Deque<DomainEvent>, of stream: String
    ) {
        let now = self.archive?.admit(directives.filter { !$0.isRouting }, of: stream) ?? directives
        self.carryOut(now)
        let routed = directives.compactMap { directive -> DomainEvent? in
            if case .route(let stanza) = directive { .routed(stanza) } else { nil }
        }
        events.insert(contentsOf: routed, at: events.startIndex)
    }

    /// Begins to let out what the archive held; once, before the first event.
    func attachArchive() {
        self.archive?.attach { [self] directives, refused in
            self.carryOut(directives)
            self.perform(self.withDomain { domain in refused.flatMap { domain.refuseUnarchived($0) } })
        }
    }

    private func carryOut(_ directives: [DomainDirective]) {
        var ends: [DomainEvent] = []
        for directive in directives {
            switch directive {
            case .route, .archive: break
            case .deliver(let stanza, let sessions): ends += self.deliver(stanza, to: sessions)
            case .serve(let stanza): self.exits.withLock { $0 }?.service(stanza)
            case .sendRemote(let stanza): self.exits.withLock { $0 }?.remote(stanza)
            case .close(let id, let error): ends += self.close(id, error)
            }
        }
        for event in ends { self.handleNow(event) }
    }
}
