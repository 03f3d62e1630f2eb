package import XMPP

/// Who is an owner, admin, member or outcast of a room, by bare JID (XEP-0045 §5.2).
///
/// An outcast may be a whole domain: who is not named himself is then judged by his domain (XEP-0045 §9.2). Nothing
/// else counts for a domain's people, for the domain is an address of its own: that of the service behind it.
package struct RoomAffiliations: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var affiliation: RoomAffiliation
        /// The nickname that nobody else may use.
        package var nickname: String?
        package var reason: String?

        package init(affiliation: RoomAffiliation, nickname: String? = nil, reason: String? = nil) {
            self.affiliation = affiliation
            self.nickname = nickname
            self.reason = reason
        }
    }

    /// What an address is to become.
    package struct Change: Hashable, Sendable {
        /// A bare JID.
        package var address: JID
        package var affiliation: RoomAffiliation
        /// Nil to leave the reserved nickname as it is, empty to give it back.
        package var nickname: String?
        package var reason: String?

        package init(
            address: JID, affiliation: RoomAffiliation, nickname: String? = nil, reason: String? = nil
        ) {
            self.address = address
            self.affiliation = affiliation
            self.nickname = nickname
            self.reason = reason
        }
    }

    package private(set) var entries: [JID: Entry]
    /// Who has reserved a nickname, by the nickname as it is compared.
    private var reservations: [String: Set<JID>] = [:]

    package init(_ entries: [JID: Entry] = [:]) {
        self.entries = entries
        for (address, entry) in entries {
            guard let nickname = entry.nickname else { continue }
            self.reservations[Occupant.folded(nickname), default: []].insert(address)
        }
    }

    /// What somebody is to the room.
    package subscript(user: JID) -> RoomAffiliation {
        if let entry = self.entries[user.bare] { return entry.affiliation }
        return self.entries[user.domainJID]?.affiliation == .outcast ? .outcast : .unaffiliated
    }

    /// The addresses of one affiliation, in order.
    package func addresses(_ affiliation: RoomAffiliation) -> [JID] {
        self.entries.filter { $0.value.affiliation == affiliation }.keys.sorted()
    }

    package func reservedNickname(of user: JID) -> String? {
        self.entries[user.bare]?.nickname
    }

    /// Whether somebody else has reserved the nickname, in this or a similar spelling.
    package func isReserved(_ nickname: String, forOthersThan user: JID) -> Bool {
        guard let holders = self.reservations[Occupant.folded(nickname)] else { return false }
        return holders != [user.bare]
    }

    /// The entry as it is after a change; nil if nothing is left to remember.
    package func entry(after change: Change) -> Entry? {
        guard change.affiliation != .unaffiliated else { return nil }
        let nickname =
            switch change.nickname {
            case .none: self.entries[change.address]?.nickname
            case .some(let nickname): nickname.isEmpty ? nil : nickname
            }
        return Entry(
            affiliation: change.affiliation, nickname: change.affiliation == .outcast ? nil : nickname,
            reason: change.reason)
    }

    package mutating func apply(_ changes: [Change]) {
        for change in changes { self.set(self.entry(after: change), for: change.address) }
    }

    private mutating func set(_ entry: Entry?, for address: JID) {
        let before = self.entries[address]?.nickname
        self.entries[address] = entry
        guard before != entry?.nickname else { return }
        if let before {
            let folded = Occupant.folded(before)
            self.reservations[folded]?.remove(address)
            if self.reservations[folded]?.isEmpty == true { self.reservations[folded] = nil }
        }
        if let nickname = entry?.nickname {
            self.reservations[Occupant.folded(nickname), default: []].insert(address)
        }
    }

    package func applying(_ changes: [Change]) -> RoomAffiliations {
        var copy = self
        copy.apply(changes)
        return copy
    }
}
