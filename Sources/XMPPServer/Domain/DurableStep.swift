package import XMPP

/// Something that has to be on disk before it counts.
///
/// The shell carries out one such step at a time, then tells the domain, which only then changes its mind about the
/// world: memory never knows more than the disk.
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
