package import CloudModel
import Cryptography
import XML
package import XMPP

/// One room: who is in it, what they are to it, and everything it decides (XEP-0045).
///
/// A value without clock or disk. What changes only the present is done at once; what the room remembers for good is
/// decided as a `RoomEffect`, which counts once it is applied.
package struct Room: Sendable {
    /// What handling a stanza comes to.
    enum Decision {
        case say([Stanza])
        case act(RoomEffect)
        case speak(RoomSpeech)
        case read(RoomArchiveRequest)
    }

    /// Somebody who was invited through the room and may decline.
    package struct Invited: Hashable, Sendable {
        /// As it is sent to the invited.
        package let message: Message
        /// The full JID of who invited.
        package let inviter: JID
        /// The bare JID.
        package let invited: JID
    }

    /// The room's bare JID.
    package let address: JID
    package internal(set) var configuration: RoomConfiguration
    package internal(set) var affiliations: RoomAffiliations
    package internal(set) var subject: RoomSubject?
    package internal(set) var history: RoomHistory
    /// By nickname.
    package internal(set) var occupants: [String: Occupant] = [:]
    /// The nickname of each client in the room.
    var nicknames: [JID: String] = [:]
    /// The clients in the room, in the order they came.
    var sessions: [JID] = []
    /// How many clients each person (bare JID) has in the room.
    private var users: [JID: Int] = [:]
    /// Since when the room waits for its first configuration; nil once it has one.
    package internal(set) var lockedSince: Instant?
    /// Whether an owner has ended the room.
    package internal(set) var isDestroyed = false
    var invitations: [Invited] = []
    var lastRoles: RememberedRoles
    var relays: RelayedRequests
    /// Whether the service has an archive.
    var hasArchive = false
    let limits: RoomLimits
    /// From which the occupants' ids are derived.
    private let key: [UInt8]

    /// A room that nobody is in.
    ///
    /// - Parameter secret: the service's own, from which the occupants' ids are derived.
    init(_ snapshot: RoomSnapshot, of service: JID, secret: [UInt8], limits: RoomLimits) {
        self.address = JID(preparedLocal: snapshot.name, domain: service.domain, resource: nil)
        self.configuration = snapshot.configuration
        self.affiliations = snapshot.affiliations
        self.subject = snapshot.subject
        self.history = RoomHistory(stanzas: limits.historyStanzas, bytes: limits.historyBytes)
        self.relays = RelayedRequests(limit: limits.relayedRequests)
        self.lastRoles = RememberedRoles(limit: limits.rememberedRoles)
        self.limits = limits
        self.key = HashFunction.sha256.authenticationCode(
            for: Array(self.address.description.utf8), key: secret)
    }

    /// What is kept of the room.
    func snapshot(
        configuration: RoomConfiguration? = nil, affiliations: RoomAffiliations? = nil
    ) -> RoomSnapshot {
        RoomSnapshot(
            name: self.address.local ?? "", configuration: configuration ?? self.configuration,
            affiliations: affiliations ?? self.affiliations, subject: self.subject)
    }

    // MARK: Who is there

    package var isEmpty: Bool { self.occupants.isEmpty }

    /// Whether the room goes when it is empty.
    package var isTemporary: Bool { !self.configuration.isPersistent }

    /// The occupant a client is, if it is in the room.
    func occupant(at address: JID) -> Occupant? {
        self.nicknames[address].flatMap { self.occupants[$0] }
    }

    /// Whether somebody (a bare JID) is in the room, under whatever nickname.
    func isOccupied(by user: JID) -> Bool { self.users[user] != nil }

    /// Whether nobody but the owner may come in, because the room has no configuration yet (XEP-0045 §10.1.1).
    func isLocked(at now: Instant) -> Bool {
        guard let lockedSince else { return false }
        return now < lockedSince.advanced(by: self.limits.lockedFor)
    }

    /// What the rules know of somebody, there or not.
    func standing(of address: JID) -> RoomRules.Standing {
        let user = address.bare
        let roles = self.occupants.values.filter { $0.user == user }.map(\.role)
        return RoomRules.Standing(self.affiliations[address], roles.max() ?? .absent)
    }

    func actor(_ address: JID) -> RoomEffect.Actor {
        RoomEffect.Actor(address: address, nickname: self.nicknames[address])
    }

    /// The id of somebody in this room (XEP-0421 §3): whoever does not know the secret learns nothing from it.
    func occupantID(of user: JID) -> OccupantID {
        let code = HashFunction.sha256.authenticationCode(
            for: Array(user.bare.description.utf8), key: self.key)
        return OccupantID(id: Base64.encode(code))
    }

    func occupantAddress(_ nickname: String) -> JID { self.address.appending(resource: nickname) }

    // MARK: Changing who is there

    /// The role somebody comes in with: the usual one, unless he had or lacked voice when he left.
    func role(ofNewcomer user: JID) -> RoomRole {
        let affiliation = self.affiliations[user]
        let usual = self.configuration.defaultRole(for: affiliation)
        guard affiliation < .admin else { return usual }
        return self.lastRoles[user.bare] ?? usual
    }

    mutating func add(_ session: JID, as nickname: String) {
        self.nicknames[session] = nickname
        self.sessions.append(session)
        self.users[session.bare, default: 0] += 1
    }

    mutating func forget(_ session: JID) {
        guard self.nicknames.removeValue(forKey: session) != nil else { return }
        self.sessions.removeAll { $0 == session }
        let left = self.users[session.bare, default: 1] - 1
        self.users[session.bare] = left > 0 ? left : nil
    }
}
