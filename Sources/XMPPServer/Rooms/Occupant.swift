package import XMPP

/// Somebody in a room: a person under a nickname, with one client or several (XEP-0045 §7.2.8).
package struct Occupant: Hashable, Sendable {
    /// One client.
    package struct Session: Hashable, Sendable {
        /// The full JID.
        package let address: JID
        /// What it said last, without what only the room may say.
        package var presence: Presence
    }

    package internal(set) var nickname: String {
        didSet { self.folded = Self.folded(self.nickname) }
    }
    /// The nickname as it is compared.
    package private(set) var folded: String
    /// The bare JID.
    package let user: JID
    /// XEP-0421.
    package let id: OccupantID
    package internal(set) var affiliation: RoomAffiliation
    package internal(set) var role: RoomRole
    /// Never empty; the last one to have sent presence is last, and is the one that is shown.
    package internal(set) var sessions: [Session]

    init(
        nickname: String, user: JID, id: OccupantID, affiliation: RoomAffiliation, role: RoomRole,
        sessions: [Session]
    ) {
        self.nickname = nickname
        self.folded = Self.folded(nickname)
        self.user = user
        self.id = id
        self.affiliation = affiliation
        self.role = role
        self.sessions = sessions
    }

    /// A nickname as it is compared: nobody may pass for another by capitals or blanks (XEP-0045 §14.6).
    package static func folded(_ nickname: String) -> String {
        nickname.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Whether anything can be seen of the nickname (XEP-0045 §17.1).
    package static func isVisible(_ nickname: String) -> Bool {
        nickname.unicodeScalars.contains { scalar in
            switch scalar.properties.generalCategory {
            case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate,
                .privateUse, .unassigned, .nonspacingMark, .enclosingMark:
                false
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                .spacingMark, .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation,
                .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol,
                .otherSymbol:
                true
            @unknown default: true
            }
        }
    }

    /// The session that is shown to the others.
    package var shown: Session? { self.sessions.last }

    func holds(_ address: JID) -> Bool {
        self.sessions.contains { $0.address == address }
    }

    /// Records what a client of the occupant said; a new client is added.
    mutating func take(_ presence: Presence, from address: JID) {
        self.sessions.removeAll { $0.address == address }
        self.sessions.append(Session(address: address, presence: presence))
    }
}
