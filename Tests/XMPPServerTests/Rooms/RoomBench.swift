import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

/// A rooms service with a disk that always works (unless it is full), and inboxes for everybody.
struct RoomBench {
    var service: RoomService
    var now = Instant(millisecondsSinceEpoch: 1_000_000_000)
    /// What each address got and has not taken yet.
    private(set) var inboxes: [JID: [Stanza]] = [:]
    /// Everything that was sent since the last `takeAll()`, in order.
    private(set) var sent: [Stanza] = []
    private(set) var writes: [RoomWrite] = []
    var isDiskFull = false
    private var nextID = 1

    static let domain = JID(preparedLocal: nil, domain: "rooms.paris.test", resource: nil)
    static let room = JID(preparedLocal: "coven", domain: "rooms.paris.test", resource: nil)
    static let owner = JID(preparedLocal: "crone1", domain: "paris.test", resource: "desktop")
    static let admin = JID(preparedLocal: "wiccarocks", domain: "paris.test", resource: "laptop")
    static let hag = JID(preparedLocal: "hag66", domain: "paris.test", resource: "pda")
    static let stranger = JID(preparedLocal: "hecate", domain: "rome.test", resource: "broom")

    init(
        creators: RoomPolicy.Creators = .anyone, newRoom: RoomConfiguration = RoomConfiguration(),
        limits: RoomLimits = RoomLimits(), rooms: [RoomSnapshot] = []
    ) {
        self.service = RoomService(
            address: Self.domain, policy: RoomPolicy(creators: creators, newRoom: newRoom), limits: limits,
            secret: [1, 2, 3], rooms: rooms)
    }

    static func user(_ name: String, _ resource: String = "desk") -> JID {
        JID(preparedLocal: name, domain: "paris.test", resource: resource)
    }

    static func occupant(_ nickname: String, in room: JID = Self.room) -> JID {
        JID(preparedLocal: room.local, domain: room.domain, resource: nickname)
    }

    var room: Room? { self.service.rooms["coven"] }

    // MARK: Sending

    mutating func send(_ stanza: Stanza) {
        switch self.service.handle(stanza, at: self.now) {
        case .send(let stanzas): self.deliver(stanzas)
        case .speak(let speech): self.deliver(self.service.reflect(speech, id: nil, at: self.now))
        case .readArchive: break
        case .durable(let change):
            if self.isDiskFull {
                self.deliver(self.service.failed(change, at: self.now))
            } else {
                self.writes.append(change.write)
                self.deliver(self.service.apply(change, at: self.now))
            }
        }
    }

    mutating func deliver(_ stanzas: [Stanza]) {
        self.sent += stanzas
        for stanza in stanzas {
            guard let to = stanza.to else { continue }
            self.inboxes[to, default: []].append(stanza)
        }
    }

    /// What the address has got since the last call.
    mutating func take(_ address: JID) -> [Stanza] {
        defer { self.inboxes[address] = nil }
        return self.inboxes[address] ?? []
    }

    mutating func takeAll() -> [Stanza] {
        defer {
            self.sent = []
            self.inboxes = [:]
        }
        return self.sent
    }

    // MARK: People

    /// Sends presence that asks to come in, and takes what comes back; what came before is gone.
    @discardableResult
    mutating func enter(
        _ address: JID, as nickname: String, password: String? = nil, history: RoomEntry.History? = nil,
        payloads: [Element] = [], in room: JID = Self.room
    ) -> [Stanza] {
        let entry = RoomEntry(password: password, history: history)
        self.inboxes[address] = nil
        self.send(
            .presence(
                Presence(
                    to: Self.occupant(nickname, in: room), from: address, id: "enter",
                    payloads: payloads + [entry.element])))
        return self.take(address)
    }

    mutating func present(_ address: JID, as nickname: String, _ payloads: [Element] = []) {
        self.send(.presence(Presence(to: Self.occupant(nickname), from: address, payloads: payloads)))
    }

    mutating func leave(_ address: JID, _ nickname: String, status: String? = nil) {
        var payloads: [Element] = []
        if let status { payloads.append(Element("status", namespace: Namespace.client, text: status)) }
        self.send(
            .presence(
                Presence(
                    to: Self.occupant(nickname), from: address, kind: .unavailable, payloads: payloads)))
    }

    mutating func say(_ text: String, from address: JID, id: String? = "m", payloads: [Element] = []) {
        let body = Element("body", namespace: Namespace.client, text: text)
        self.send(
            .message(
                Message(to: Self.room, from: address, id: id, kind: .groupchat, payloads: [body] + payloads)))
    }

    mutating func setSubject(_ text: String, from address: JID) {
        let subject = Element("subject", namespace: Namespace.client, text: text)
        self.send(.message(Message(to: Self.room, from: address, kind: .groupchat, payloads: [subject])))
    }

    /// Sends a request and takes its answer, leaving what else came.
    mutating func ask(_ body: IQ.Body, from address: JID, to: JID = Self.room) -> IQ.Body? {
        let id = "q\(self.nextID)"
        self.nextID += 1
        self.send(.iq(IQ(to: to, from: address, id: id, body: body)))
        let answer = self.inboxes[address]?.firstIndex { $0.id == id }
        return answer.flatMap { self.inboxes[address]?.remove(at: $0).iqValue?.body }
    }

    /// The error that a request comes to; nil if it is done.
    mutating func change(_ items: [RoomItem], by address: JID) -> StanzaError.Condition? {
        switch self.ask(.set(RoomAdministration(items: items).element), from: address) {
        case .error(let error): error.condition
        case .none: .remoteServerTimeout
        case .some(.result), .some(.get), .some(.set): nil
        }
    }

    mutating func change(_ item: RoomItem, by address: JID) -> StanzaError.Condition? {
        self.change([item], by: address)
    }

    /// The error that a configuration comes to; nil if it is done.
    mutating func configure(
        _ fields: [String: [String]] = [:], by address: JID = Self.owner, kind: DataForm.Kind = .submit,
        room: JID = Self.room
    ) -> StanzaError.Condition? {
        let form = DataForm(
            kind, fields: fields.sorted { $0.key < $1.key }.map { .init($0.key, values: $0.value) })
        switch self.ask(.set(RoomOwnership(form: form).element), from: address, to: room) {
        case .error(let error): return error.condition
        case .none: return .remoteServerTimeout
        case .some(.result), .some(.get), .some(.set): return nil
        }
    }

    // MARK: Scenes

    /// An open room with its owner in it.
    static func opened(
        _ fields: [String: [String]] = [:], limits: RoomLimits = RoomLimits()
    ) -> RoomBench {
        var bench = RoomBench(limits: limits)
        bench.enter(Self.owner, as: "firstwitch")
        #expect(bench.configure(fields) == nil)
        _ = bench.takeAll()
        return bench
    }

    /// The three witches: an owner, an admin and one without an affiliation.
    static func coven(
        _ fields: [String: [String]] = [:], limits: RoomLimits = RoomLimits()
    ) -> RoomBench {
        var bench = Self.opened(fields, limits: limits)
        #expect(bench.change(.init(affiliation: .admin, address: Self.admin.bare), by: Self.owner) == nil)
        bench.enter(Self.admin, as: "secondwitch")
        bench.enter(Self.hag, as: "thirdwitch")
        _ = bench.takeAll()
        return bench
    }
}

extension Stanza {
    /// What the room says beside the stanza.
    var notice: RoomNotice? {
        let payloads: [Element] =
            switch self {
            case .message(let message): message.payloads
            case .presence(let presence): presence.payloads
            case .iq: []
            }
        guard let element = payloads.first(where: RoomNotice.matches) else { return nil }
        do { return try RoomNotice(parsing: element) } catch { return nil }
    }

    var statuses: [RoomStatus] { self.notice?.statuses ?? [] }

    var occupantIDs: [String] {
        let payloads: [Element] =
            switch self {
            case .message(let message): message.payloads
            case .presence(let presence): presence.payloads
            case .iq: []
            }
        return payloads.filter(OccupantID.matches).compactMap { $0[attribute: "id"] }
    }

    var delay: Element? { self.messageValue?.payloads.first(where: Delay.matches) }

    var subjectText: String? {
        self.messageValue?.payloads.first { $0.matches("subject", Namespace.client) }?.text
    }
}
