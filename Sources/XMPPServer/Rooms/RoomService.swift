package import CloudModel
import XML
package import XMPP

/// All rooms of one domain (XEP-0045): a stanza goes in, stanzas come out.
///
/// A value without clock or disk. Who sent a stanza is proven before it gets here. What must outlive the process comes
/// out as `RoomStep.durable` first, with nothing changed, and is put in place by `apply(_:id:at:)` once it is on disk.
package struct RoomService: Sendable {
    /// The rooms' domain as a bare JID.
    package let address: JID
    package let policy: RoomPolicy
    package let limits: RoomLimits
    /// By local part.
    package internal(set) var rooms: [String: Room] = [:]
    private let secret: [UInt8]
    /// Whether what is said in persistent rooms is archived.
    var hasArchive = false
    private var entries: FloodGate
    private var presences: FloodGate
    private var messages: FloodGate
    var requests: FloodGate

    /// - Parameters:
    ///   - secret: random bytes that stay the same for as long as the rooms: occupants' ids are derived from them.
    ///   - rooms: those that were kept.
    package init(
        address: JID, policy: RoomPolicy, limits: RoomLimits = RoomLimits(), secret: [UInt8],
        rooms: [RoomSnapshot] = []
    ) {
        self.address = address
        self.policy = policy
        self.limits = limits
        self.secret = secret
        self.entries = FloodGate(limits.entries, senders: limits.watchedUsers)
        self.presences = FloodGate(limits.presences, senders: limits.watchedUsers)
        self.messages = FloodGate(limits.messages, senders: limits.watchedUsers)
        self.requests = FloodGate(limits.requests, senders: limits.watchedUsers)
        for snapshot in rooms { self.rooms[snapshot.name] = self.makeRoom(snapshot) }
    }

    private func makeRoom(_ snapshot: RoomSnapshot) -> Room {
        var room = Room(snapshot, of: self.address, secret: self.secret, limits: self.limits)
        room.hasArchive = self.hasArchive
        return room
    }

    // MARK: Events

    /// Handles a stanza for a room, an occupant or the service, whose `from` is proven.
    package mutating func handle(_ stanza: Stanza, at now: Instant) -> RoomStep {
        guard let from = stanza.from, let to = stanza.to, to.domain == self.address.domain else {
            return .send([])
        }
        do throws(StanzaError) {
            switch stanza {
            case .presence(let presence):
                return .send(try self.handle(presence, from: from, to: to, at: now))
            case .message(let message):
                return self.deferred(
                    try self.handle(message, from: from, to: to, at: now), .message, by: from.bare)
            case .iq(let iq):
                return self.deferred(
                    try self.handle(iq, from: from, to: to, at: now), .request, by: from.bare)
            }
        } catch {
            return .send(stanza.errorReply(error).map { [Self.marked($0, for: stanza)] } ?? [])
        }
    }

    /// What waits for the disk is decided once more when its turn comes: so it is not counted here, but when it is over.
    private mutating func deferred(
        _ step: RoomStep, _ kind: RoomChange.Cause.Kind, by sender: JID
    ) -> RoomStep {
        switch step {
        case .send, .speak: return step
        case .readArchive:
            self.requests.refund(sender)
            return step
        case .durable(var change):
            switch kind {
            case .message: self.messages.refund(sender)
            case .request: self.requests.refund(sender)
            }
            change.cause = RoomChange.Cause(kind: kind, sender: sender)
            return .durable(change)
        }
    }

    /// The change is over, for good or ill: it counts for whoever wanted it.
    private mutating func count(_ change: RoomChange, at now: Instant) {
        guard let cause = change.cause else { return }
        switch cause.kind {
        case .message: _ = self.messages.admits(cause.sender, at: now)
        case .request: _ = self.requests.admits(cause.sender, at: now)
        }
    }

    /// XEP-0045 §7.2.5 and the like: clients know by the `<x/>` that it was their wish to enter that was refused.
    private static func marked(_ reply: Stanza, for stanza: Stanza) -> Stanza {
        guard case .presence(var refusal) = reply, case .presence(let presence) = stanza,
            presence.payloads.contains(where: RoomEntry.matches)
        else { return reply }
        refusal.payloads.insert(RoomEntry().element, at: 0)
        return .presence(refusal)
    }

    /// Puts in place what has been written.
    ///
    /// - Parameter id: by which a new subject is in the room's archive, if it is.
    package mutating func apply(_ change: RoomChange, id: StanzaID? = nil, at now: Instant) -> [Stanza] {
        self.count(change, at: now)
        let name = change.room.local ?? ""
        if self.rooms[name] == nil, case .save(let snapshot) = change.write {
            // Everybody left while it was being written that the room stays.
            self.rooms[name] = self.makeRoom(snapshot)
        }
        let stanzas = self.rooms[name]?.apply(change.effect.archived(under: id), at: now) ?? []
        self.clean(name)
        return stanzas
    }

    /// What has to be written after a change that was put in place, because the disk got less than the room is by now.
    ///
    /// Before its first configuration was on disk the room was temporary: what happened to it meanwhile (a ban, a
    /// subject) was done at once and written by nobody.
    package func overdue(after change: RoomChange) -> RoomWrite? {
        guard case .save(let written) = change.write, let room = self.rooms[written.name], !room.isTemporary
        else { return nil }
        let snapshot = room.snapshot()
        return snapshot == written ? nil : .save(snapshot)
    }

    /// What is said when a change could not be written.
    package mutating func failed(_ change: RoomChange, at now: Instant) -> [Stanza] {
        self.count(change, at: now)
        return self.rooms[change.room.local ?? ""]?.refusal(of: change.effect) ?? []
    }

    /// Forgets somebody (a bare JID) whose account is gone, in every room; the disk has forgotten him already.
    package mutating func forget(_ user: JID) -> [Stanza] {
        var stanzas: [Stanza] = []
        for name in self.rooms.keys.sorted() {
            stanzas += self.rooms[name]?.forgetAccount(user) ?? []
            self.clean(name)
        }
        return stanzas
    }

    /// Tells everybody that the service ends (XEP-0045 §11.2).
    package mutating func shutDown() -> [Stanza] {
        var stanzas: [Stanza] = []
        for name in self.rooms.keys.sorted() {
            stanzas += self.rooms[name]?.empty([.serviceShutsDown]) ?? []
            self.clean(name)
        }
        return stanzas
    }

    // MARK: Rooms

    /// Changes a room in its place; it goes if it is over.
    private mutating func withRoom<Result>(
        _ name: String, _ body: (inout Room) throws(StanzaError) -> Result
    ) throws(StanzaError) -> Result {
        guard let index = self.rooms.index(forKey: name) else {
            throw StanzaError(.itemNotFound, text: "there is no such room")
        }
        let result = try body(&self.rooms.values[index])
        self.clean(name)
        return result
    }

    private mutating func clean(_ name: String) {
        guard let room = self.rooms[name] else { return }
        if room.isDestroyed || (room.isEmpty && room.isTemporary) { self.rooms[name] = nil }
    }

    /// A decision of a room: put in place at once unless the disk has to know first.
    private mutating func carryOut(
        _ decision: Room.Decision, in name: String, at now: Instant
    ) -> RoomStep {
        switch decision {
        case .say(let stanzas): return .send(stanzas)
        case .act(let effect):
            guard let room = self.rooms[name] else { return .send([]) }
            if let write = room.write(for: effect) {
                return .durable(RoomChange(room: room.address, write: write, effect: effect))
            }
            let stanzas = self.rooms[name]?.apply(effect, at: now) ?? []
            self.clean(name)
            return .send(stanzas)
        case .speak(let speech):
            guard speech.isKept, self.rooms[name]?.isArchived == true else {
                return .send(self.reflect(speech, id: nil, at: now))
            }
            return .speak(speech)
        case .read(let request): return .readArchive(request)
        }
    }

    private static let tooMuch = StanzaError(
        .policyViolation, kind: .wait, text: "too much at once; wait a little")

    // MARK: Presence

    private mutating func handle(
        _ presence: Presence, from: JID, to: JID, at now: Instant
    ) throws(StanzaError) -> [Stanza] {
        guard let name = to.local else { return [] }
        switch presence.kind {
        case .available:
            guard let nickname = to.resource else {
                throw StanzaError(.jidMalformed, text: "a nickname is needed to enter a room")
            }
            return try self.takeAvailable(presence, from: from, room: name, nickname, at: now)
        case .unavailable:
            guard self.rooms[name] != nil else { return [] }
            return try self.withRoom(name) { $0.leave(from, presence) }
        case .error:
            guard self.rooms[name] != nil else { return [] }
            return try self.withRoom(name) { $0.receivedError(presence.error, from: from) }
        // §17.3: none of these is a wish to come in or go out.
        case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe: return []
        }
    }

    private mutating func takeAvailable(
        _ presence: Presence, from: JID, room name: String, _ nickname: String, at now: Instant
    ) throws(StanzaError) -> [Stanza] {
        guard Stanza.presence(presence).weight <= self.limits.presenceBytes else {
            throw StanzaError(
                .policyViolation, text: "the presence is longer than \(self.limits.presenceBytes) bytes")
        }
        let entry: RoomEntry?
        do throws(PayloadError) {
            entry = try presence.payloads.first(RoomEntry.self)
        } catch {
            throw error.stanzaError
        }
        let isInside = self.rooms[name]?.occupant(at: from) != nil
        guard let entry else {
            guard self.presences.admits(from.bare, at: now) else { throw Self.tooMuch }
            guard isInside else { return [self.dismissal(of: from, room: name, nickname)] }
            return try self.withRoom(name) { room throws(StanzaError) in
                try room.changePresence(presence, from: from, at: nickname)
            }
        }
        guard self.entries.admits(from.bare, at: now) else { throw Self.tooMuch }
        if !isInside { try self.checkEntered(by: from.bare, room: name) }
        guard self.rooms[name] == nil else {
            return try self.withRoom(name) { room throws(StanzaError) in
                try room.enter(presence, entry, from: from, as: nickname, at: now)
            }
        }
        return try self.create(presence, entry, from: from, room: name, nickname, at: now)
    }

    /// XEP-0045 §7.2.18: presence of one who is not in the room comes of a client that believes it is.
    private func dismissal(of address: JID, room name: String, _ nickname: String) -> Stanza {
        let notice = RoomNotice(
            item: RoomItem(affiliation: RoomAffiliation.unaffiliated, role: RoomRole.absent),
            statuses: [.isSelf, .kicked, .removedByError])
        let room = JID(preparedLocal: name, domain: self.address.domain, resource: nickname)
        return .presence(
            Presence(to: address, from: room, kind: .unavailable, payloads: [notice.element]))
    }

    private func checkEntered(by user: JID, room name: String) throws(StanzaError) {
        guard self.rooms[name]?.isOccupied(by: user) != true else { return }
        guard self.rooms.values.count(where: { $0.isOccupied(by: user) }) < self.limits.enteredPerUser else {
            throw StanzaError(
                .resourceConstraint, text: "you are in \(self.limits.enteredPerUser) rooms already")
        }
    }

    /// XEP-0045 §10.1.
    private mutating func create(
        _ presence: Presence, _ entry: RoomEntry, from: JID, room name: String, _ nickname: String,
        at now: Instant
    ) throws(StanzaError) -> [Stanza] {
        guard self.policy.creators.include(from) else {
            throw StanzaError(.notAllowed, text: "you may not make rooms here")
        }
        guard self.rooms.count < self.limits.rooms else {
            throw StanzaError(.resourceConstraint, text: "the service has \(self.limits.rooms) rooms already")
        }
        let owned = self.rooms.values.count { $0.affiliations[from] == .owner }
        guard owned < self.limits.ownedPerUser else {
            throw StanzaError(
                .resourceConstraint, text: "you own \(self.limits.ownedPerUser) rooms already")
        }
        var room = self.makeRoom(
            RoomSnapshot(
                name: name, configuration: self.policy.newRoom, affiliations: RoomAffiliations(),
                subject: nil))
        let stanzas = try room.create(presence, entry, from: from, as: nickname, at: now)
        self.rooms[name] = room
        return stanzas
    }

    // MARK: Messages

    private mutating func handle(
        _ message: Message, from: JID, to: JID, at now: Instant
    ) throws(StanzaError) -> RoomStep {
        guard let name = to.local else {
            throw StanzaError(.serviceUnavailable, text: "nobody reads messages here")
        }
        if message.kind == .error {
            guard self.rooms[name] != nil else { return .send([]) }
            return .send(try self.withRoom(name) { $0.receivedError(message.error, from: from) })
        }
        guard self.messages.admits(from.bare, at: now) else { throw Self.tooMuch }
        guard let room = self.rooms[name], !room.isLocked(at: now) else {
            throw StanzaError(.itemNotFound, text: "there is no such room")
        }
        if let nickname = to.resource { return .send(try room.whisper(message, to: nickname)) }
        let decision = try self.withRoom(name) { room throws(StanzaError) in
            try message.kind == .groupchat ? room.speak(message, at: now) : room.takeRequest(message)
        }
        return self.carryOut(decision, in: name, at: now)
    }

    // MARK: Queries

    private mutating func handle(
        _ iq: IQ, from: JID, to: JID, at now: Instant
    ) throws(StanzaError) -> RoomStep {
        guard let request = iq.request else {
            guard let name = to.local, self.rooms[name] != nil else { return .send([]) }
            return .send(try self.withRoom(name) { $0.relayAnswer(iq) })
        }
        guard self.requests.admits(from.bare, at: now) else { throw Self.tooMuch }
        guard let name = to.local else { return .send([.iq(try self.answer(iq, request, at: now))]) }
        if let nickname = to.resource {
            return .send(
                try self.withRoom(name) { room throws(StanzaError) in
                    try room.relay(iq, request, to: nickname)
                })
        }
        let decision = try self.withRoom(name) { room throws(StanzaError) in
            try room.answer(iq, request, from: from, at: now)
        }
        return self.carryOut(decision, in: name, at: now)
    }

    /// Requests to the service itself (XEP-0045 §6.1 to §6.3).
    private func answer(_ iq: IQ, _ request: Element, at now: Instant) throws(StanzaError) -> IQ {
        guard case .get = iq.body else { throw StanzaError(.serviceUnavailable) }
        if Ping.matches(request) { return iq.reply(.result(nil)) }
        let isDiscovery = DiscoInfo.matches(request) || DiscoItems.matches(request)
        guard isDiscovery else { throw StanzaError(.serviceUnavailable) }
        guard request[attribute: "node"] == nil else {
            throw StanzaError(.itemNotFound, text: "the rooms service has no such node")
        }
        if DiscoInfo.matches(request) { return iq.result(self.info) }
        let listed = self.rooms.keys.sorted().compactMap { self.rooms[$0] }.filter { room in
            room.configuration.isPublic && !room.isLocked(at: now)
        }
        return iq.result(
            DiscoItems(items: listed.map { .init(address: $0.address, name: $0.title) }))
    }

    /// What the service says of itself.
    package var info: DiscoInfo {
        DiscoInfo(
            identities: [.init(category: "conference", type: "text", name: self.policy.name)],
            features: Self.features.sorted())
    }

    /// What is announced in the service's own name: what no room can turn off.
    package static let features = [
        Namespace.rooms, Namespace.discoInfo, Namespace.discoItems, Namespace.ping, Namespace.occupantID,
        "http://jabber.org/protocol/muc#stable_id",
    ]
}
