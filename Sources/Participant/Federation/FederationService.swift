package import CloudModel
package import Cryptography
import Federation
package import Gossip
package import Logging
import ServiceLifecycle
package import Storage
import Synchronization
import XMPP
package import XMPPTransport

/// The alliance of one site or coordinator: carries out over XMPP what the `Alliance` core decides.
///
/// Holds the core under a lock, calls it, and sends, stores and logs outside the lock. Every answer of a peer comes
/// back as an event of the core.
package final class FederationService: Service {
    package struct Configuration: Sendable {
        /// The name of this site for people.
        package var name: String
        package var role: MemberRole
        package var alliance = Alliance.Configuration()
        /// How long a peer may take to answer an invitation, an acceptance or a row request.
        package var answerTimeout: Duration = .seconds(10)
        /// Time between two looks at what is due.
        package var tick: Duration = .milliseconds(250)
        /// Exchanges with peers that are under way or wait; more are put off by the core's own retries.
        package var exchanges = 4_096
        /// Changes a slow reader of `changes()` may be behind before the oldest are dropped.
        package var unreadChanges = 64
        /// Lines a minute in the log about what one domain that is no member asks or says.
        package var refusalLinesPerDomain = 10
        /// The same for all domains; the next line says how many there would have been.
        package var refusalLines = 100

        package init(name: String, role: MemberRole) {
            self.name = name
            self.role = role
        }
    }

    struct State {
        var alliance: Alliance
        var random = SecureRandom()
        var described: SiteDescription?
        var descriptions: [SiteID: (row: Row, value: SiteDescription)] = [:]
        var notes: [SiteID: String] = [:]
        var watchers: [UInt64: AsyncStream<SiteID>.Continuation] = [:]
        var nextWatcher: UInt64 = 0
        var exchangesUnderWay = 0
    }

    /// Who we are.
    package let site: SiteID
    package let key: SiteKey
    let link: any XMPPLink
    let configuration: Configuration
    let keeper: FederationKeeper
    let now: @Sendable () -> Instant
    let logger: Logger
    let state: Mutex<State>
    /// What the log says about those who are no members.
    let refusals: Mutex<LogAllowance<String>>
    let clock: any Clock<Duration>
    private let exchanges: AsyncStream<AllianceDirective>
    private let begin: AsyncStream<AllianceDirective>.Continuation

    /// Reads back what was kept and raises the incarnation.
    ///
    /// Throws if the database cannot be read or written, or the key is not an Ed25519 key.
    package init(
        link: any XMPPLink, signingKey: SigningKey, store: FederationStore, configuration: Configuration,
        now: @escaping @Sendable () -> Instant, clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) throws {
        guard let key = SiteKey(bytes: signingKey.verificationKey.rawRepresentation) else {
            throw CryptographyError.wrongLength(
                of: "the site key", expected: SiteKey.length,
                found: signingKey.verificationKey.rawRepresentation.count)
        }
        self.site = SiteID(link.address)
        self.key = key
        self.link = link
        self.configuration = configuration
        self.now = now
        self.clock = clock
        self.logger = logger
        self.keeper = FederationKeeper(store: store, logger: logger)
        self.refusals = Mutex(
            LogAllowance(
                linesPerSource: configuration.refusalLinesPerDomain, lines: configuration.refusalLines))
        var alliance = Alliance(
            own: self.site, key: key, incarnation: try store.beginIncarnation(),
            proofs: Ed25519Proofs(signingKey: signingKey), configuration: configuration.alliance)
        let directives = alliance.restore(members: try store.members(), rows: try store.rows(), now: now())
        self.state = Mutex(State(alliance: alliance))
        (self.exchanges, self.begin) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(configuration.exchanges))
        for case .report(let report) in directives { report.log(to: logger) }
    }

    /// Exchanges with the others until the process shuts down, then keeps the rows.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.tickForever() }
                for await directive in self.exchanges {
                    group.addTask {
                        await self.exchange(directive)
                        self.state.withLock { $0.exchangesUnderWay -= 1 }
                    }
                }
                group.cancelAll()
            }
        }
        await self.carryOut([.saveRows])
    }

    /// Does what is due now.
    func tick() async {
        let now = self.now()
        await self.carryOut(
            self.state.withLock { state in
                var random = state.random
                return state.alliance.tick(now: now, using: &random)
            })
    }

    private func tickForever() async {
        while !Task.isCancelled {
            await self.tick()
            do {
                try await self.clock.sleep(for: self.configuration.tick)
            } catch {
                return
            }
        }
    }

    // MARK: Carrying out

    func carryOut(_ directives: [AllianceDirective]) async {
        for directive in directives {
            switch directive {
            case .save(let member): await self.keep(member.site)
            case .forget(let site):
                self.state.withLock { state in
                    state.notes[site] = nil
                    state.descriptions[site] = nil
                }
                await self.keep(site)
            case .saveIncarnation(let incarnation): await self.keeper.saveIncarnation(incarnation)
            case .saveRows: await self.keeper.saveRows { self.state.withLock { $0.alliance.store.rows } }
            case .changed(let site): self.announce(site)
            case .report(let report): report.log(to: self.logger)
            case .push(let row, let peer): await self.push(RowEnvelope(row: row), kind: .headline, to: peer)
            case .sendInvitation, .sendAcceptance, .sendDeparture, .fetchRow, .ping: self.queue(directive)
            }
        }
    }

    private func keep(_ site: SiteID) async {
        await self.keeper.keep(site) { self.state.withLock { $0.alliance.membership[site: site] } }
    }

    private func queue(_ directive: AllianceDirective) {
        let now = self.now()
        let hasRoom = self.state.withLock { state in
            guard state.exchangesUnderWay < self.configuration.exchanges else {
                // Nobody else would tell the core, which waits for the answer before it pings again.
                if case .ping(let site) = directive { state.alliance.pingPutOff(site, now: now) }
                return false
            }
            state.exchangesUnderWay += 1
            return true
        }
        if hasRoom {
            self.begin.yield(directive)
        } else {
            self.logger.warning("too many exchanges with other sites are under way; one was put off")
        }
    }

    private func announce(_ site: SiteID) {
        let watchers = self.state.withLock { $0.watchers.values.map { $0 } }
        for watcher in watchers { watcher.yield(site) }
    }

    /// Sends `payload` in a message; what cannot be sent is left to the next heartbeat or query.
    func push(_ payload: some Payload, kind: Message.Kind, to peer: SiteID) async {
        do {
            let message = Message(
                to: try peer.jid(), from: self.link.address, kind: kind, payloads: [payload.element])
            try await self.link.send(.message(message))
        } catch {
            self.logger.debug(
                "a message to another site could not be sent",
                metadata: ["site": "\(peer)", "error": "\(error)"])
        }
    }
}
