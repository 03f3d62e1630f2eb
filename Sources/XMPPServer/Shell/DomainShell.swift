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

    let lane: DurableLane
    let store: AccountStore
    let rooms: RoomStore
    let pubSubStore: PubSubStore
    /// Nil if nothing is archived here.
    let archive: ArchiveLane?
    let keptPerAccount: Int
    let now: @Sendable () -> Instant
    let logger: Logger
    /// Whose events come by no stream.
    private static let nobody = ""
    let keeper: Mutex<AccountKeeper?> = Mutex(nil)
    private let domain: Mutex<LocalDomain>
    private let exits: Mutex<Exits?> = Mutex(nil)
    private let clients: Mutex<[SessionID: ClientStream]> = Mutex([:])
    /// By stream id, what came after an event that waits for the disk; absent for a stream that waits for nothing.
    private let waiting: Mutex<[String: Deque<DomainEvent>]> = Mutex([:])

    package init(
        domain: LocalDomain, database: Database, lane: DurableLane, now: @escaping @Sendable () -> Instant,
        logger: Logger
    ) {
        self.pubSubStore = PubSubStore(database: database)
        self.archive = domain.archive.map {
            ArchiveLane(store: ArchiveStore(database: database), limits: $0.limits, logger: logger)
        }
        self.keptPerAccount = domain.keptPerAccount
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
    func withDomain<Result: Sendable>(
        _ body: (inout LocalDomain) throws -> Result
    ) rethrows -> Result {
        try self.domain.withLock { try body(&$0) }
    }

    // MARK: Events

    /// Handles an event of a stream, on its event loop.
    ///
    /// If it needs the disk, it and all that follow on that stream wait their turn; `pause` and `resume` hold the peer
    /// back meanwhile, so that what waits is bounded by what had been read before.
    func handle(
        _ event: DomainEvent, from stream: String, pause: () -> Void,
        resume: @escaping @Sendable () -> Void
    ) {
        let mustWait = self.waiting.withLock { waiting in
            waiting[stream]?.append(event)
            return waiting[stream] != nil
        }
        if mustWait { return }
        var events: Deque<DomainEvent> = [event]
        guard self.run(&events, of: stream) != nil else {
            self.archive?.holdBack(stream, pause: pause, resume: resume)
            return
        }
        self.waiting.withLock { $0[stream] = [] }
        pause()
        let remaining = events
        let isQueued = self.lane.submit {
            await self.settle(remaining, of: stream)
            while let next = self.nextWaiting(on: stream) { await self.settle([next], of: stream) }
            resume()
        }
        if !isQueued {
            self.logger.error("Stanza dropped: the queue for the disk is full or closed")
            while self.nextWaiting(on: stream) != nil {}
            resume()
        }
    }

    /// The next event that waits on a stream; nil if there is none, and then events need not wait any more.
    private func nextWaiting(on stream: String) -> DomainEvent? {
        self.waiting.withLock { waiting in
            if let event = waiting[stream]?.popFirst() { return event }
            waiting[stream] = nil
            return nil
        }
    }

    /// Handles an event and returns when it has had its effect.
    func handle(_ event: DomainEvent) async {
        var events: Deque<DomainEvent> = [event]
        guard self.run(&events, of: Self.nobody) != nil else { return }
        let remaining = events
        if await self.lane.perform({ await self.settle(remaining, of: Self.nobody) }) == nil {
            self.logger.error("Stanza dropped: the queue for the disk is full or closed")
        }
    }

    /// Handles an event that cannot need the disk: an IQ, or what the directives of an account's removal ask for.
    func handleNow(_ event: DomainEvent) {
        var events: Deque<DomainEvent> = [event]
        guard self.run(&events, of: Self.nobody) != nil else { return }
        let remaining = events
        if !self.lane.submit({ await self.settle(remaining, of: Self.nobody) }) {
            self.logger.error("Stanza dropped: the queue for the disk is full or closed")
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
        for directive in directives {
            switch directive {
            case .route, .archive: break
            case .deliver(let stanza, let sessions): self.deliver(stanza, to: sessions)
            case .serve(let stanza): self.exits.withLock { $0 }?.service(stanza)
            case .sendRemote(let stanza): self.exits.withLock { $0 }?.remote(stanza)
            case .close(let id, let error):
                self.clients.withLock { $0.removeValue(forKey: id) }?.close(error)
            }
        }
    }

    private func deliver(_ stanza: Stanza, to sessions: [SessionID]) {
        let streams = self.clients.withLock { clients in sessions.compactMap { clients[$0] } }
        for stream in streams { stream.send(stanza) }
    }

    // MARK: Sessions

    /// Binds a resource and registers the stream under the session it makes.
    func bind(_ stream: ClientStream, resource: String) throws(StanzaError) -> ClientSession {
        let (session, directives) = try self.domain.withLock { domain throws(StanzaError) in
            try domain.bind(account: stream.account, resource: resource)
        }
        self.clients.withLock { $0[session.id] = stream }
        self.perform(directives)
        return session
    }

    /// Forgets the stream of a session that is over.
    func forget(_ id: SessionID) {
        _ = self.clients.withLock { $0.removeValue(forKey: id) }
    }
}
