package import XMPP

/// What a room is like, as its owners have decided (XEP-0045 §4.2, §16.5.3).
package struct RoomConfiguration: Hashable, Sendable {
    /// Who may write to single occupants through the room.
    package enum PrivateMessages: String, Hashable, Sendable, CaseIterable {
        case anyone
        case participants
        case moderators
        case none
    }

    package var name: String
    package var description: String
    /// The language of the conversation, as `xml:lang` has it; empty if none is said.
    package var language: String
    /// Whether the room stays when the last occupant leaves.
    package var isPersistent: Bool
    /// Whether the room is in the list of the service's rooms.
    package var isPublic: Bool
    package var isMembersOnly: Bool
    /// Whether only those with voice may speak to all.
    package var isModerated: Bool
    /// What opens the room; nil if it is open.
    package var password: String?
    /// Whether everybody sees full addresses, or moderators only.
    package var isNonAnonymous: Bool
    /// Whether participants may change the subject; moderators always may.
    package var participantsMayChangeSubject: Bool
    /// Whether members of a members-only room may invite others, who become members.
    package var membersMayInvite: Bool
    package var privateMessages: PrivateMessages
    /// The roles whose presence everybody sees.
    package var shownRoles: Set<RoomRole>
    /// Occupants; admins and owners come in beyond it.
    package var maximumOccupants: Int
    /// Messages shown to those who come in.
    package var historyStanzas: Int

    package init(
        name: String = "", description: String = "", language: String = "", isPersistent: Bool = false,
        isPublic: Bool = true, isMembersOnly: Bool = false, isModerated: Bool = false,
        password: String? = nil, isNonAnonymous: Bool = false, participantsMayChangeSubject: Bool = false,
        membersMayInvite: Bool = false, privateMessages: PrivateMessages = .anyone,
        shownRoles: Set<RoomRole> = [.visitor, .participant, .moderator], maximumOccupants: Int = 200,
        historyStanzas: Int = 20
    ) {
        self.name = name
        self.description = description
        self.language = language
        self.isPersistent = isPersistent
        self.isPublic = isPublic
        self.isMembersOnly = isMembersOnly
        self.isModerated = isModerated
        self.password = password
        self.isNonAnonymous = isNonAnonymous
        self.participantsMayChangeSubject = participantsMayChangeSubject
        self.membersMayInvite = membersMayInvite
        self.privateMessages = privateMessages
        self.shownRoles = shownRoles
        self.maximumOccupants = maximumOccupants
        self.historyStanzas = historyStanzas
    }

    /// The role somebody comes in with (XEP-0045 §5.1.2).
    package func defaultRole(for affiliation: RoomAffiliation) -> RoomRole {
        switch affiliation {
        case .owner, .admin: .moderator
        case .member: .participant
        case .unaffiliated: self.isModerated ? .visitor : .participant
        case .outcast: .absent
        }
    }

    /// Whether somebody of this role may write to one occupant.
    package func allowsPrivateMessages(from role: RoomRole) -> Bool {
        switch self.privateMessages {
        case .anyone: role > .absent
        case .participants: role >= .participant
        case .moderators: role == .moderator
        case .none: false
        }
    }

    /// Whether somebody of this role may change the subject (XEP-0045 §8.1).
    package func allowsSubjectChange(by role: RoomRole) -> Bool {
        role == .moderator || (self.participantsMayChangeSubject && role == .participant)
    }
}
