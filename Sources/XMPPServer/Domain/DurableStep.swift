package import XMPP

/// Something that has to be on disk before it counts, or to be read from there before it can be answered.
///
/// The shell carries out one change at a time, then tells the domain, which only then changes its mind about the
/// world: memory never knows more than the disk. What only reads goes on beside that.
package enum DurableStep: Hashable, Sendable {
    case changeRoster(RosterUpdate)
    case changeBlockList(BlockListUpdate)
    case document(DocumentStep)
    case changeAccount(AccountChange)
    case changePubSub(PubSubUpdate)
    case archive(ArchiveStep)
    /// Keeps a message for the account until a client comes; then what is left to do is done.
    case keep(Message, account: JID, filed: [DomainDirective])
    /// Hands out what was kept for the session's account, which becomes available with this presence.
    case takeKept(SessionID, Presence)
    case changeRoom(RoomChange)
}

extension DurableStep {
    /// Where steps are carried out: those that change what is on disk one after the other, the others side by side.
    enum Lane: Hashable, Sendable {
        case durable
        case wide

        var other: Self {
            switch self {
            case .durable: .wide
            case .wide: .durable
            }
        }
    }

    /// A password is hashed beside the lane before it is written in it.
    var lane: Lane {
        switch self {
        case .archive(.read), .archive(.describe), .document(.read), .changeAccount(.setPassword): .wide
        case .archive(.setPreferences), .document(.write), .changeAccount(.delete), .changeRoster,
            .changeBlockList, .changePubSub, .keep, .takeKept, .changeRoom:
            .durable
        }
    }
}
