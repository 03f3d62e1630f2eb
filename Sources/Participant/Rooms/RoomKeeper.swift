import CloudModel
package import Logging
package import Operations
import Synchronization
import XML
package import XMPP
package import XMPPTransport

/// Enters and leaves chat rooms on behalf of this process.
///
/// Rooms are not remembered over a restart: whoever wants the process back invites it again.
package final class RoomKeeper: Sendable {
    /// The resource under which a process that is a whole domain is in rooms.
    private static let resource = "tradewind"

    private let link: any XMPPLink
    private let trusted: Set<String>
    private let logger: Logger
    private let rooms = Mutex(ChatRooms())

    /// - Parameter trusted: domains whose rooms, and those of domains below them, are believed about who is there; our own
    ///   is always.
    package init(link: any XMPPLink, trusted: Set<String> = [], logger: Logger) {
        self.link = link
        self.trusted = trusted.union([link.address.domain])
        self.logger = logger
    }

    /// Whether rooms of the domain are believed about who is in them.
    func trusts(_ domain: String) -> Bool {
        self.trusted.contains { domain == $0 || domain.hasSuffix("." + $0) }
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
    package func enter(_ room: JID) async throws(OperationError) {
        guard room.local != nil, room.resource == nil else {
            throw OperationError(.badRequest, "\(room) is no room", next: "write: room join ROOM@SERVICE")
        }
        let isTrusted = self.trusts(room.domain)
        switch self.rooms.withLock({ $0.enter(room, as: self.nickname, isTrusted: isTrusted) }) {
        case .enter(let address):
            do {
                try await self.sendEntry(to: address)
            } catch {
                _ = self.rooms.withLock { $0.leave(room) }
                throw OperationError(.unavailable, "\(room) cannot be reached: \(error)")
            }
        case .alreadyThere: throw OperationError(.conflict, "I am in \(room) already, or about to be")
        case .tooMany:
            throw OperationError(
                .tooMany, "I am in \(ChatRooms.roomsLimit) rooms already",
                next: "take me out of one: room leave ROOM")
        }
    }

    package func leave(_ room: JID) async throws(OperationError) {
        guard let address = self.rooms.withLock({ $0.leave(room) }) else {
            throw OperationError(.notFound, "I am not in \(room)", next: "see: room list")
        }
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
                    "state": .string(room.isInside ? "inside" : "entering"),
                    "trusted": .bool(room.isActedIn),
                ]
            })
    }

    // MARK: Stanzas

    package func receive(_ presence: Presence) async {
        guard let sender = presence.from else { return }
        switch self.rooms.withLock({ $0.handle(presence, from: sender) }) {
        case .nothing: return
        case .entered(let room):
            self.logger.info("entered a chat room", metadata: ["room": "\(room)"])
        case .gone(let room, let reason):
            self.logger.info("out of a chat room", metadata: ["room": "\(room)", "reason": "\(reason)"])
        case .enter(let address):
            do {
                try await self.sendEntry(to: address)
            } catch {
                _ = self.rooms.withLock { $0.leave(address.bare) }
                self.logger.warning(
                    "a chat room cannot be entered", metadata: ["room": "\(address)", "error": "\(error)"])
            }
        }
    }

    func hear(_ message: Message, from sender: JID) -> ChatRooms.OnMessage {
        self.rooms.withLock { $0.hear(message, from: sender) }
    }

    /// What was said before we came is nobody's order to us, so none of it is asked for.
    private func sendEntry(to address: JID) async throws {
        let entry = RoomEntry(history: .init(stanzas: 0))
        try await self.link.send(
            .presence(Presence(to: address, from: self.sender, payloads: [entry.element])))
    }
}
