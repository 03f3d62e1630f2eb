package import CloudModel
import Cryptography
package import Logging
package import Operations
import ServiceLifecycle
package import Storage
import Synchronization
import XML
package import XMPP
package import XMPPTransport

/// Enters and leaves chat rooms on behalf of this process, and sees to it that it stays in them.
///
/// The rooms that have let it in are remembered: it enters them again after a restart, on a new connection, and when it
/// finds that it is no longer there. A room ends that by saying so (removed, banned, destroyed, members only), a person by
/// `room leave`.
package final class RoomKeeper: Service {
    /// The resource under which a process that is a whole domain is in rooms.
    private static let resource = "tradewind"
    /// Between two looks at what is due.
    private static let tickPeriod: Duration = .seconds(5)
    /// How long a room may take to say whether we are there, and its service what it is.
    private static let askTime: Duration = .seconds(10)

    private let link: any XMPPLink
    private let trusted: Set<String>
    private let store: VisitStore
    private let renewals: AsyncStream<Void>?
    private let now: @Sendable () -> Instant
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let rooms = Mutex(ChatRooms())
    /// Whether there is, or was, a connection; until then nothing can be entered.
    private let isConnected: Mutex<Bool>

    /// Reads which rooms are remembered.
    ///
    /// - Parameters:
    ///   - trusted: domains whose rooms, and those of domains below them, are believed about who is there; those of
    ///     domains below our own always are.
    ///   - renewals: of a link to somebody else's server, when it has a new stream; nil for a process that is a server.
    package init(
        link: any XMPPLink, trusted: Set<String> = [], store: VisitStore,
        renewals: AsyncStream<Void>? = nil, now: @escaping @Sendable () -> Instant,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) async throws {
        self.link = link
        self.trusted = trusted
        self.store = store
        self.renewals = renewals
        self.now = now
        self.clock = clock
        self.logger = logger
        self.isConnected = Mutex(renewals == nil)
        let remembered = try await store.rooms().compactMap { text -> JID? in
            do {
                return try JID(text)
            } catch {
                logger.warning(
                    "a room that is remembered has no address",
                    metadata: ["room": "\(text)", "error": "\(error)"])
                return nil
            }
        }
        self.rooms.withLock { rooms in
            rooms.restore(remembered, as: self.nickname, now: now()) { self.trusts($0.domain) }
        }
    }

    /// Stays in the rooms until the process shuts down, then takes leave of them without forgetting them.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                if let renewals = self.renewals {
                    group.addTask {
                        for await _ in renewals { await self.connected() }
                    }
                }
                while !Task.isCancelled {
                    for step in self.tick() {
                        group.addTask { await self.perform(step) }
                    }
                    do {
                        try await self.clock.sleep(for: Self.tickPeriod)
                    } catch {
                        break
                    }
                }
                group.cancelAll()
            }
        }
        for address in self.rooms.withLock({ $0.occupied }) { await self.sayGoodbye(to: address) }
    }

    /// Whether rooms of the domain are believed about who is in them.
    ///
    /// Never those of the domain whose accounts we are one of, or which is ours: whoever has an account there could pass for a
    /// room.
    func trusts(_ domain: String) -> Bool {
        let own = self.link.address.domain
        guard domain != own else { return false }
        return domain.hasSuffix("." + own)
            || self.trusted.contains { domain == $0 || domain.hasSuffix("." + $0) }
    }

    func isRoom(_ address: JID) -> Bool { self.rooms.withLock { $0.isRoom(address) } }

    /// Whom we send as to a room: a client's address is the server's to fill in.
    var sender: JID? {
        let address = self.link.address
        guard address.local == nil else { return nil }
        return JID(preparedLocal: nil, domain: address.domain, resource: Self.resource)
    }

    /// What we are called in rooms.
    private var nickname: String { self.link.address.local ?? self.link.address.domain }

    // MARK: Operations

    /// Asks to be let into a room; returns before the room has answered.
    ///
    /// Refuses an address whose domain does not say that it is a service of rooms.
    package func enter(_ room: JID) async throws(OperationError) {
        guard room.local != nil, room.resource == nil else {
            throw OperationError(.badRequest, "\(room) is no room", next: "write: room join ROOM@SERVICE")
        }
        try await self.checkService(of: room)
        let isTrusted = self.trusts(room.domain)
        let now = self.now()
        let step = self.rooms.withLock {
            $0.enter(room, as: self.nickname, isTrusted: isTrusted, now: now)
        }
        switch step {
        case .enter(let address):
            do {
                try await self.sendEntry(to: address)
            } catch {
                self.entryFailed(room)
                throw OperationError(.unavailable, "\(room) cannot be reached: \(error)")
            }
        case .alreadyThere: throw OperationError(.conflict, "I am in \(room) already, or about to be")
        case .tooMany:
            throw OperationError(
                .tooMany, "I am in \(ChatRooms.roomsLimit) rooms already",
                next: "take me out of one: room leave ROOM")
        }
    }

    /// Takes leave of a room for good.
    package func leave(_ room: JID) async throws(OperationError) {
        guard self.rooms.withLock({ $0.rooms[room] != nil }) else {
            throw OperationError(.notFound, "I am not in \(room)", next: "see: room list")
        }
        do {
            try await self.store.remove(room.description)
        } catch {
            throw OperationError(
                .unavailable, "that \(room) is left cannot be written down: \(error)",
                next: "see whether the disk is full, then write it again")
        }
        guard let address = self.rooms.withLock({ $0.leave(room) }) else { return }
        do {
            try await self.link.send(
                .presence(Presence(to: address, from: self.sender, kind: .unavailable)))
        } catch {
            throw OperationError(.unavailable, "\(room) could not be told: \(error)")
        }
    }

    /// The rooms, for people and programs.
    package var list: Value {
        let rooms = self.rooms.withLock { $0.rooms }.sorted { $0.key < $1.key }
        return .array(
            rooms.map { address, room in
                [
                    "room": .string(address.description), "nickname": .string(room.nickname),
                    "state": .string(Self.name(of: room.standing)),
                    "trusted": .bool(room.isActedIn),
                ]
            })
    }

    private static func name(of standing: ChatRoom.Standing) -> String {
        switch standing {
        case .entering: "entering"
        case .inside: "inside"
        case .away: "away"
        }
    }

    // MARK: Stanzas

    package func receive(_ presence: Presence) async {
        guard let sender = presence.from else { return }
        let now = self.now()
        let outcome = self.rooms.withLock { rooms in
            var random = SecureRandom()
            return rooms.handle(presence, from: sender, now: now, using: &random)
        }
        switch outcome {
        case .nothing: return
        case .entered(let room):
            await self.remember(room)
            self.logger.info("entered a chat room", metadata: ["room": "\(room)"])
        case .returned(let room):
            self.logger.info("in a chat room again", metadata: ["room": "\(room)"])
        case .away(let room, let reason):
            self.logger.info(
                "out of a chat room for now", metadata: ["room": "\(room)", "reason": "\(reason)"])
        case .gone(let room, let reason): await self.forget(room, reason)
        case .leave(let address, let reason):
            await self.forget(address.bare, reason)
            await self.sayGoodbye(to: address)
        case .enter(let address): await self.enter(as: address)
        }
    }

    func hear(_ message: Message, from sender: JID) -> ChatRooms.OnMessage {
        let now = self.now()
        return self.rooms.withLock { $0.hear(message, from: sender, now: now) }
    }

    // MARK: Staying

    /// There is a new connection: whoever was in rooms by the one before is in none by this.
    func connected() async {
        let now = self.now()
        self.rooms.withLock { $0.lostAll(now: now) }
        self.isConnected.withLock { $0 = true }
        await withDiscardingTaskGroup { group in
            for step in self.tick() {
                group.addTask { await self.perform(step) }
            }
        }
    }

    /// What is due now.
    func tick() -> [ChatRooms.Step] {
        guard self.isConnected.withLock({ $0 }) else { return [] }
        let now = self.now()
        return self.rooms.withLock { rooms in
            var random = SecureRandom()
            return rooms.tick(now: now, using: &random)
        }
    }

    func perform(_ step: ChatRooms.Step) async {
        switch step {
        case .enter(let address): await self.enterAgain(as: address)
        case .ask(let address): await self.look(at: address)
        case .gone(let room, let reason): await self.forget(room, reason)
        }
    }

    /// Asks our own address in a room whether we are there (XEP-0410).
    private func look(at address: JID) async {
        let sight: ChatRooms.Sight
        do {
            _ = try await self.ask(Ping().element, of: address)
            sight = .there
        } catch let error as StanzaError {
            sight = ChatRooms.Sight(error)
        } catch {
            // Nobody asks any more: the process ends.
            return
        }
        let now = self.now()
        if self.rooms.withLock({ $0.looked(address.bare, saw: sight, now: now) }) {
            self.logger.info(
                "no longer in a chat room; entering again", metadata: ["room": "\(address.bare)"])
        }
    }

    /// Enters a room that has let us in before, if it still is one.
    ///
    /// Somebody may take us out of it while its service is asked, or there may be a new connection: then this attempt is over.
    private func enterAgain(as address: JID) async {
        let room = address.bare
        guard let attempt = self.rooms.withLock({ $0.entering(room) }) else { return }
        var fault: OperationError?
        do throws(OperationError) {
            try await self.checkService(of: address)
        } catch {
            fault = error
        }
        guard self.rooms.withLock({ $0.entering(room) }) == attempt else { return }
        guard let fault else { return await self.enter(as: address) }
        self.logger.info(
            "a chat room is not entered again for now",
            metadata: ["room": "\(room)", "reason": "\(fault.message)"])
        guard fault.code == .badRequest else { return self.entryFailed(room) }
        _ = self.rooms.withLock { $0.leave(room) }
        await self.forget(room, fault.message)
    }

    private func enter(as address: JID) async {
        do {
            try await self.sendEntry(to: address)
        } catch {
            self.entryFailed(address.bare)
            self.logger.warning(
                "a chat room cannot be entered", metadata: ["room": "\(address)", "error": "\(error)"])
        }
    }

    /// A room that has never let us in has nobody who waits for us.
    private func entryFailed(_ room: JID) {
        let now = self.now()
        self.rooms.withLock { rooms in
            if rooms.rooms[room]?.isKept == true {
                var random = SecureRandom()
                rooms.failed(room, now: now, using: &random)
            } else {
                _ = rooms.leave(room)
            }
        }
    }

    /// Sees to it that the domain of a room says that it is a service of rooms (XEP-0045 §6.2).
    ///
    /// An account can say anything that a room says, and make itself out to be one with an administrator in it.
    private func checkService(of room: JID) async throws(OperationError) {
        let advice = "write: room join ROOM@SERVICE, with the service's own domain"
        guard room.domain != self.link.address.domain else {
            throw OperationError(.badRequest, "\(room.bare) is no room but an account", next: advice)
        }
        let info: DiscoInfo
        do {
            let service = JID(preparedLocal: nil, domain: room.domain, resource: nil)
            guard let element = try await self.ask(DiscoInfo().element, of: service) else {
                throw PayloadError("expected <query/>")
            }
            info = try DiscoInfo(parsing: element)
        } catch {
            throw OperationError(
                .unavailable, "\(room.domain) does not say whether it is a service of rooms: \(error)",
                next: "try again later")
        }
        let isService =
            info.features.contains(Namespace.rooms)
            && info.identities.contains { $0.category == "conference" && $0.type == "text" }
            && !info.identities.contains { $0.category == "server" }
        guard isService else {
            throw OperationError(.badRequest, "\(room.domain) is no service of rooms", next: advice)
        }
    }

    private func ask(_ question: Element, of address: JID) async throws -> Element? {
        var random = SecureRandom()
        let iq = IQ(
            to: address, from: self.sender, id: IQ.id(randomUsing: &random), body: .get(question))
        switch try await self.link.request(iq, timeout: Self.askTime).body {
        case .result(let element): return element
        case .error(let error): throw error
        case .get, .set: return nil
        }
    }

    private func remember(_ room: JID) async {
        do {
            try await self.store.add(room.description)
        } catch {
            self.logger.warning(
                "a chat room cannot be remembered: it is not entered again after a restart",
                metadata: ["room": "\(room)", "error": "\(error)"])
        }
    }

    private func forget(_ room: JID, _ reason: String) async {
        self.logger.info("out of a chat room", metadata: ["room": "\(room)", "reason": "\(reason)"])
        do {
            try await self.store.remove(room.description)
        } catch {
            self.logger.warning(
                "a chat room cannot be forgotten: it is asked again after a restart",
                metadata: ["room": "\(room)", "error": "\(error)"])
        }
    }

    private func sayGoodbye(to address: JID) async {
        do {
            try await self.link.send(
                .presence(Presence(to: address, from: self.sender, kind: .unavailable)))
        } catch {
            self.logger.debug(
                "a chat room could not be told", metadata: ["room": "\(address)", "error": "\(error)"])
        }
    }

    /// What was said before we came is nobody's order to us, so none of it is asked for.
    private func sendEntry(to address: JID) async throws {
        let entry = RoomEntry(history: .init(stanzas: 0))
        try await self.link.send(
            .presence(Presence(to: address, from: self.sender, payloads: [entry.element])))
    }
}
