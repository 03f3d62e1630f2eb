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

    /// A change of the subject that belongs into the room's archive (XEP-0313 §6.1.3); nil for every other change.
    package func archivable(_ change: RoomChange) -> RoomSpeech? {
        guard case .setSubject(let message, _, let author) = change.effect,
            let room = self.rooms[change.room.local ?? ""], room.isArchived, message.archiving ?? true
        else { return nil }
        let speaker = RoomItem(
            affiliation: room.affiliations[author], role: room.occupant(at: author)?.role ?? .absent,
            address: author)
        return RoomSpeech(room: room.address, message: message, isKept: true, speaker: speaker)
    }

    /// Counts a request to a room's archive, which has been read by now; throws if the asker may not see it any more.
    ///
    /// Whether the asker may see addresses now; nil if nobody asks.
    mutating func count(reading iq: IQ, of address: JID, at now: Instant) throws(StanzaError) -> Bool? {
        guard let asker = iq.from, let request = iq.request else { return nil }
        _ = self.requests.admits(asker.bare, at: now)
        guard let room = self.rooms[address.local ?? ""] else {
            throw StanzaError(.itemNotFound, text: "there is no such room")
        }
        guard case .read(let again)? = try room.archiveRequest(iq, request, from: asker) else { return nil }
        return again.seesAddresses
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

    /// A copy of a new subject that could not be archived, as it is handed out all the same; nil for any other message.
    func unarchived(_ copy: Message) -> Message? {
        guard copy.kind == .groupchat, copy.isSubjectChange, copy.from?.domain == self.address.domain else {
            return nil
        }
        var copy = copy
        copy.payloads.removeAll(where: StanzaID.matches)
        return copy
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
