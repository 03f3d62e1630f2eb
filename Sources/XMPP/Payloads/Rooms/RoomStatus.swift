/// What a room says beside a presence or a message, as a number of the registry (XEP-0045 §16.6).
package enum RoomStatus: Int, Hashable, Sendable, CaseIterable, Comparable {
    /// Everybody in the room sees full addresses.
    case nonAnonymous = 100
    /// An affiliation changed while its owner was not in the room.
    case affiliationChangedElsewhere = 101
    case showsUnavailableMembers = 102
    case hidesUnavailableMembers = 103
    /// Something that touches nobody's privacy was configured.
    case configurationChanged = 104
    /// The presence is the receiver's own.
    case isSelf = 110
    case loggingEnabled = 170
    case loggingDisabled = 171
    case becameNonAnonymous = 172
    case becameSemiAnonymous = 173
    case created = 201
    /// The service chose or changed the nickname.
    case nicknameAssigned = 210
    case banned = 301
    case nicknameChanged = 303
    case kicked = 307
    case removedByAffiliation = 321
    /// The room admits only members now.
    case removedAsNonMember = 322
    case serviceShutsDown = 332
    /// Removed because what was sent there came back.
    case removedByError = 333

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
