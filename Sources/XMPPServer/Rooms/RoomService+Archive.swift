package import CloudModel
package import XMPP

/// The archives of rooms (XEP-0313); who holds them is told what goes in, and tells what came of it.
extension RoomService {
    /// What is said in persistent rooms is archived from now on; before the first event.
    package mutating func openArchive() {
        self.hasArchive = true
        for name in self.rooms.keys { self.rooms[name]?.hasArchive = true }
    }

    /// Passes on what was said, with the id it has in the archive; nil if it is in none.
    package mutating func reflect(_ speech: RoomSpeech, id: StanzaID?, at now: Instant) -> [Stanza] {
        self.rooms[speech.room.local ?? ""]?.reflect(speech, id: id, at: now) ?? []
    }

    /// Remembers what was said before the process started, for those who come in.
    package mutating func remember(_ message: Message, at time: Instant, in room: JID) {
        self.rooms[room.local ?? ""]?.history.remember(message, at: time)
    }

    /// Whether a room's archive has to be empty before the change counts: it begins and ends with the room's stay, and
    /// nobody may find in it what was said in an earlier room of that name.
    package func needsEmptyArchive(before change: RoomChange) -> Bool {
        switch change.write {
        case .delete: true
        case .save: self.rooms[change.room.local ?? ""]?.isTemporary ?? true
        case .affiliations, .subject: false
        }
    }

    /// What is said when copies of a message could not be handed out because it could not be archived: its speaker is
    /// told, once for each of his clients; nil for a message that is of no room.
    package func refusal(ofUnarchived copy: Message, _ error: StanzaError) -> [Stanza]? {
        guard copy.kind == .groupchat, let from = copy.from, from.domain == self.address.domain else {
            return nil
        }
        guard let to = copy.to, let nickname = from.resource,
            self.rooms[from.local ?? ""]?.occupant(at: to)?.nickname == nickname
        else { return [] }
        return [
            .message(Message(to: to, from: from.bare, id: copy.id, kind: .error, payloads: [error.element]))
        ]
    }
}
