package import CloudModel
import DequeModule
package import Logging
package import Storage
import Synchronization
package import XMPP
import XMPPTransport

/// Carries out what a `LocalDomain` decides: writes to streams, to the disk, to other servers and to the service.
///
/// Safe to use from any thread, event loops included: nothing here blocks. What changes the disk goes through the
/// `DurableLane`, what only reads it through the `WideLane`.
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
        case call(mayGiveWay: Bool, @Sendable () -> Void)
    }

    let lane: DurableLane
    let wideLane: WideLane
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
        wideLane: WideLane = WideLane(), sessionLimits: SessionLimits = SessionLimits(),
        keptBytesPerAccount: Int = 524_288, now: @escaping @Sendable () -> Instant,
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
        self.wideLane = wideLane
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
        guard let step = self.run(&events, of: source) else {
            self.archive?.holdBack(source, pause: pause, resume: resume)
            return
        }
        self.waiting.withLock { $0[source] = Backlog(paused: [stream: resume]) }
        pause()
        let remaining = events
        if !self.pass(remaining, to: step.lane, of: source) {
            self.refuse(remaining)
            self.refuseBacklog(of: source)
        }
    }

    /// Has events settled in a lane, or in both in turn if they need both, and calls `then` in the last of them; false if
    /// there is no room.
    private func submit(
        _ events: Deque<DomainEvent>, to lane: DurableStep.Lane, of source: String,
        then: @escaping @Sendable (DurableStep.Lane) async -> Void
    ) -> Bool {
        let job: @Sendable () async -> Void = {
            guard let rest = await self.settle(events, in: lane, of: source) else {
                await then(lane)
                return
            }
            if self.submit(rest, to: lane.other, of: source, then: then) { return }
            self.refuse(rest)
            await then(lane)
        }
        return switch lane {
        case .durable: self.lane.submit(job)
        case .wide: self.wideLane.submit(job)
        }
    }

    /// Handles what else waits from a source: what needs the disk in a job of its own in its lane, behind those of others
    /// that came meanwhile.
    private func goOn(with source: String, in lane: DurableStep.Lane) async {
        while let next = self.nextWaiting(from: source) {
            switch next {
            case .call(let mayGiveWay, let body):
                self.afterArchive(of: source, mayGiveWay: mayGiveWay, body)
            case .event(let event):
                var events: Deque<DomainEvent> = [event]
                guard let step = self.run(&events, of: source) else { continue }
                if self.pass(events, to: step.lane, of: source) { return }
                guard step.lane == lane else {
                    self.refuse(events)
                    continue
                }
                // No room for another job: then in this one.
                guard let rest = await self.settle(events, in: lane, of: source) else { continue }
                if self.pass(rest, to: lane.other, of: source) { return }
                self.refuse(rest)
            }
        }
    }

    /// Has events settled in a lane, and then what else waits from their source; false if there is no room.
    private func pass(_ events: Deque<DomainEvent>, to lane: DurableStep.Lane, of source: String) -> Bool {
        self.submit(events, to: lane, of: source) { lane in await self.goOn(with: source, in: lane) }
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
            case .call(_, let body): body()
            }
        }
    }

    /// Calls `body` once everything the source has sent so far has had its effect: at once if nothing waits.
    ///
    /// - Parameter mayGiveWay: whether it need not be called if the same is asked for again before, as an
    ///   acknowledgement need not be sent when another follows.
    func afterBacklog(of source: String, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void) {
        let mustWait = self.waiting.withLock { waiting in
            waiting[source]?.work.append(.call(mayGiveWay: mayGiveWay, body))
            return waiting[source] != nil
        }
        if !mustWait { self.afterArchive(of: source, mayGiveWay: mayGiveWay, body) }
    }

    /// Calls `body` once what the source sent is in the archive.
    private func afterArchive(
        of source: String, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void
    ) {
        guard let archive else { return body() }
        archive.afterAll(of: source, mayGiveWay: mayGiveWay, body)
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
        guard let step = self.run(&events, of: Self.nobody) else { return }
        let remaining = events
        await withCheckedContinuation { continuation in
            let isQueued = self.submit(remaining, to: step.lane, of: Self.nobody) { _ in
                continuation.resume()
            }
            guard !isQueued else { return }
            self.refuse(remaining)
            continuation.resume()
        }
    }

    /// Handles an event that has no stream to hold back: if it needs the disk it waits in its lane, and nothing for it.
    func handleNow(_ event: DomainEvent) {
        var events: Deque<DomainEvent> = [event]
        guard let step = self.run(&events, of: Self.nobody) else { return }
        let remaining = events
        if !self.submit(remaining, to: step.lane, of: Self.nobody, then: { _ in }) {
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

    /// Handles the events and all that follows from them as far as that belongs into this lane, in which it must be
    /// called; what is left begins with an event for the other lane.
    private func settle(
        _ events: Deque<DomainEvent>, in lane: DurableStep.Lane, of stream: String
    ) async -> Deque<DomainEvent>? {
        var events = events
        while let step = self.run(&events, of: stream) {
            guard step.lane == lane else { return events }
            events.removeFirst()
            let directives = await self.carryOut(step)
            self.perform(directives, before: &events, of: stream)
            if lane == .durable { await self.forgetHandedOut() }
        }
        return nil
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
