import CloudModel
import XML
import XMPP
import XMPPServer

/// A domain with its disk and its streams, which holds every directive against rules.
///
/// Nobody speaks in another's name: a message or request from a foreign address is one that this address sent, and what a
/// client sends goes out in its own. Directives are for sessions that exist and for addresses where they belong.
struct RoutingWorld {
    private static let local = JID(preparedLocal: nil, domain: "paris.test", resource: nil)
    private static let roomsAddress = JID(preparedLocal: nil, domain: "rooms.paris.test", resource: nil)
    private static let remoteDomain = "tokyo.test"
    private static let names = ["alice", "bob"]
    /// What one event may lead to: far more than any honest one does.
    private static let mostSteps = 5_000

    private var domain: LocalDomain
    private var now = Instant(millisecondsSinceEpoch: 1_000_000)
    private var live: [SessionID] = []
    private var kept: [JID: [Message]] = [:]
    private var isDiskFull = false
    /// The addresses of the other server that have sent something.
    private var foreign: Set<JID> = []

    init() {
        self.domain = LocalDomain(address: Self.local, profile: ServiceProfile(), keptPerAccount: 3)
        self.domain.host(
            RoomService(
                address: Self.roomsAddress, policy: RoomPolicy(creators: .anyone),
                secret: Array("of occupants".utf8)))
        for name in Self.names { self.domain.add(account: Self.account(name)) }
        for index in Self.names.indices { _ = self.bind(index) }
    }

    private static func account(_ name: String) -> JID {
        JID(preparedLocal: name, domain: Self.local.domain, resource: nil)
    }

    /// Lets one thing happen.
    mutating func play(what: UInt8, who: Int, stanza: Stanza?) throws(FuzzViolation) {
        self.now = Instant(millisecondsSinceEpoch: self.now.millisecondsSinceEpoch + 250)
        switch what % 6 {
        case 0: try self.perform(self.bind(who), from: nil)
        case 1:
            // The service's link lets it speak in its own name only.
            guard let stanza, (stanza.from ?? Self.local).bare == Self.local else { return }
            try self.handle(.fromService(stanza))
        case 2: self.isDiskFull.toggle()
        case 3:
            guard let stanza, !self.live.isEmpty else { return }
            try self.handle(.fromClient(stanza, self.live[who % self.live.count]))
        case 4:
            // The stream of another server lets no others through.
            guard let stanza, let from = stanza.from, let to = stanza.to, from.domain == Self.remoteDomain,
                Self.isHere(to)
            else { return }
            self.foreign.insert(from)
            try self.handle(.routed(stanza))
        case _:
            guard !self.live.isEmpty else { return }
            let id = self.live.remove(at: who % self.live.count)
            try self.handle(.sessionEnded(id))
        }
    }

    private static func isHere(_ address: JID) -> Bool {
        address.domain == Self.local.domain || address.domain == Self.roomsAddress.domain
    }

    private mutating func bind(_ who: Int) -> [DomainDirective] {
        do {
            let bound = try self.domain.bind(
                account: Self.account(Self.names[who % Self.names.count]),
                resource: ["desk", "phone", "car"][who / Self.names.count % 3])
            self.live.append(bound.session.id)
            return bound.directives
        } catch {
            return []
        }
    }

    // MARK: Carrying out

    private mutating func handle(_ event: DomainEvent) throws(FuzzViolation) {
        var sender: JID?
        if case .fromClient(_, let id) = event { sender = self.domain.sessions[id]?.address }
        try self.perform(self.step(event), from: sender)
    }

    private mutating func step(_ event: DomainEvent) -> [DomainDirective] {
        switch self.domain.handle(event, at: self.now) {
        case .done(let directives): directives
        case .durable(let step): self.carryOut(step)
        }
    }

    /// `sender` is the client whose stanza led to the first of `directives`.
    private mutating func perform(_ directives: [DomainDirective], from sender: JID?) throws(FuzzViolation) {
        var waiting = directives.map { (directive: $0, sender: sender) }
        var steps = 0
        while !waiting.isEmpty {
            steps += 1
            try FuzzViolation.unless(steps < Self.mostSteps, "one event leads to another without end")
            let (directive, sender) = waiting.removeFirst()
            try self.check(directive, from: sender)
            switch directive {
            case .deliver, .serve, .sendRemote, .archive: break
            case .route(let stanza): waiting += self.step(.routed(stanza)).map { ($0, nil) }
            case .close(let id, _):
                self.live.removeAll { $0 == id }
                waiting += self.step(.sessionEnded(id)).map { ($0, nil) }
            }
        }
    }

    private mutating func carryOut(_ step: DurableStep) -> [DomainDirective] {
        switch step {
        case .changeRoster(let update):
            return self.isDiskFull ? self.domain.failed(update) : self.domain.changed(update)
        case .changeBlockList(let update):
            return self.isDiskFull ? self.domain.failed(update) : self.domain.changed(update)
        case .document, .changeAccount, .changePubSub, .archive:
            // This world has no place for documents, nodes and archives: who asks for them hears nothing.
            return []
        case .keep(let message, let account, let filed):
            if !self.isDiskFull { self.kept[account, default: []].append(message) }
            return self.domain.kept(message, account: account, wasKept: !self.isDiskFull, filed: filed)
        case .changeRoom(let change):
            return self.isDiskFull
                ? self.domain.failed(change, at: self.now) : self.domain.changed(change, at: self.now)
        case .takeKept(let id, let presence):
            guard let account = self.domain.sessions[id]?.address.bare else { return [] }
            let messages = (self.kept[account] ?? []).map { (receivedAt: self.now, message: $0) }
            guard let directives = self.domain.took(messages, for: id, presence: presence) else { return [] }
            self.kept[account] = nil
            return directives
        }
    }

    // MARK: Rules

    private func check(_ directive: DomainDirective, from sender: JID?) throws(FuzzViolation) {
        switch directive {
        case .deliver(let stanza, let ids):
            for id in ids {
                try FuzzViolation.unless(self.live.contains(id), "a stanza for a session that is no more")
            }
            try self.checkOrigin(stanza, from: nil)
        case .serve(let stanza): try self.checkOrigin(stanza, from: nil)
        case .archive: break
        case .route(let stanza):
            try FuzzViolation.unless(stanza.to.map(Self.isHere) ?? false, "routed to \(stanza.to as JID?)")
            try self.checkOrigin(stanza, from: sender)
        case .sendRemote(let stanza):
            try FuzzViolation.unless(!(stanza.to.map(Self.isHere) ?? true), "sent away: \(stanza.to as JID?)")
            try FuzzViolation.unless(
                stanza.from.map(Self.isHere) ?? false, "sent away in the name of \(stanza.from as JID?)")
            try self.checkOrigin(stanza, from: sender)
        case .close(let id, _):
            try FuzzViolation.unless(self.live.contains(id), "a session is closed that is no more")
        }
    }

    private func checkOrigin(_ stanza: Stanza, from sender: JID?) throws(FuzzViolation) {
        do {
            _ = try stanza.element().serialized(inheriting: Namespace.client)
        } catch {
            throw FuzzViolation("a stanza that cannot be printed: \(error)")
        }
        // In presence a server speaks for others: it answers for the contacts of who becomes available, and takes leave
        // in the name of those whose subscription ends (RFC 6121 §§3 and 4).
        if case .presence = stanza { return }
        guard let from = stanza.from else { return }
        try FuzzViolation.unless(
            Self.isHere(from) || self.foreign.contains(from), "\(from) has never sent anything")
        guard let sender, from.domain == Self.local.domain, from.local != nil else { return }
        try FuzzViolation.unless(from.bare == sender.bare, "\(sender) speaks as \(from)")
    }
}
