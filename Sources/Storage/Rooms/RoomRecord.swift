import GRDB

/// What a room is like.
package struct RoomRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "room"

    /// The local part of its address.
    package var name: String
    package var title: String
    /// What it is for.
    package var details: String
    package var language: String
    package var password: String?
    package var isPublic: Bool
    package var isMembersOnly: Bool
    package var isModerated: Bool
    package var isNonAnonymous: Bool
    package var participantsMayChangeSubject: Bool
    package var membersMayInvite: Bool
    /// `anyone`, `participants`, `moderators` or `none`.
    package var privateMessages: String
    /// Some of `visitor`, `participant` and `moderator`.
    package var shownRoles: [String]
    package var maximumOccupants: Int
    package var historyStanzas: Int

    package init(
        name: String, title: String, details: String, language: String, password: String?, isPublic: Bool,
        isMembersOnly: Bool, isModerated: Bool, isNonAnonymous: Bool, participantsMayChangeSubject: Bool,
        membersMayInvite: Bool, privateMessages: String, shownRoles: [String], maximumOccupants: Int,
        historyStanzas: Int
    ) {
        self.name = name
        self.title = title
        self.details = details
        self.language = language
        self.password = password
        self.isPublic = isPublic
        self.isMembersOnly = isMembersOnly
        self.isModerated = isModerated
        self.isNonAnonymous = isNonAnonymous
        self.participantsMayChangeSubject = participantsMayChangeSubject
        self.membersMayInvite = membersMayInvite
        self.privateMessages = privateMessages
        self.shownRoles = shownRoles
        self.maximumOccupants = maximumOccupants
        self.historyStanzas = historyStanzas
    }
}
