package import XML
package import XMPP

/// Something said to everybody in a room, before it is passed on.
package struct RoomSpeech: Hashable, Sendable {
    /// The room's address.
    package let room: JID
    /// As it will be reflected, without `to`.
    package let message: Message
    /// Whether it may be remembered at all.
    package let isKept: Bool
    /// Who said it, with the real address: for the archive, where only those who may see addresses find it.
    package let speaker: RoomItem

    /// The message as it is archived (XEP-0313 §6.1.3): what the room itself knows of the speaker goes with it.
    package var archived: Message {
        var message = self.message
        message.payloads.append(RoomNotice(item: self.speaker).element)
        return message
    }
}

/// A question to a room's archive of somebody who may ask.
package struct RoomArchiveRequest: Hashable, Sendable {
    /// The room's address.
    package let room: JID
    package let iq: IQ
    /// Nil for the question where the archive begins and ends.
    package let query: Element?
    /// Whether the asker may see who stands behind the nicknames.
    package let seesAddresses: Bool
}
