package import CloudModel
import Storage
import XML
import XMPP

/// Rooms, on a domain of their own beside the accounts (XEP-0045).
extension LocalDomain {
    /// Opens the rooms; before the first event.
    package mutating func host(_ rooms: RoomService) {
        var rooms = rooms
        if self.archive != nil { rooms.openArchive() }
        self.rooms = rooms
        let service = HostedService(name: rooms.policy.name) { domain, stanza, now in
            domain.routeToRooms(stanza, at: now)
        }
        self.host(service, at: rooms.address.domain)
    }

    private mutating func routeToRooms(_ stanza: Stanza, at now: Instant) -> DomainStep {
        switch self.rooms?.handle(stanza, at: now) {
        case .none: .done([])
        case .send(let stanzas): .done(stanzas.map(self.forward))
        case .durable(let change): .durable(.changeRoom(change))
        case .speak(let speech): self.speak(speech, at: now)
        case .readArchive(let request): self.readArchive(request, at: now)
        }
    }

    /// What was said goes into the room's archive, and is passed on with the id it has there.
    private mutating func speak(_ speech: RoomSpeech, at now: Instant) -> DomainStep {
        var entry: ArchiveEntry?
        if let speaker = speech.message.from {
            entry = self.archive?.file(speech.archived, in: speech.room, peer: speaker, at: now)
        }
        let copies = self.rooms?.reflect(speech, id: entry?.stanzaID, at: now) ?? []
        return .done((entry.map { [.archive($0)] } ?? []) + copies.map(self.forward))
    }

    private func readArchive(_ request: RoomArchiveRequest, at now: Instant) -> DomainStep {
        guard let query = request.query else {
            return self.describeArchive(request.iq, of: request.room, session: nil)
        }
        return self.readArchive(
            request.iq, query, of: request.room, session: nil, hidesAddresses: !request.seesAddresses, at: now
        )
    }

    /// Takes the last that was said in a room before the process started back into its history.
    mutating func restoreHistory(of room: JID, _ records: [ArchiveRecord]) {
        guard let ids = self.archive?.ids else { return }
        for record in records {
            // What cannot be read back is left out, as in answers from the archive.
            guard case .message(var message)? = try? Stanza(parsing: Element(parsing: record.stanza)) else {
                continue
            }
            // Who comes in is told the subject by itself, and only the last.
            if message.isSubjectChange { continue }
            message.payloads.removeAll(where: RoomNotice.matches)
            message.payloads.append(StanzaID(id: ids.id(of: record.sequence, in: room), by: room).element)
            self.rooms?.remember(message, at: Instant(millisecondsSinceEpoch: record.receivedAt), in: room)
        }
    }

    /// The change is on disk; a new subject goes into the room's archive too.
    package mutating func changed(_ change: RoomChange, at now: Instant) -> [DomainDirective] {
        var entry: ArchiveEntry?
        if let speech = self.rooms?.archivable(change), let speaker = speech.message.from {
            entry = self.archive?.file(speech.archived, in: speech.room, peer: speaker, at: now)
        }
        let stanzas = self.rooms?.apply(change, id: entry?.stanzaID, at: now) ?? []
        return (entry.map { [.archive($0)] } ?? []) + stanzas.map(self.forward)
    }

    /// What is still to be written then.
    package func overdue(after change: RoomChange) -> RoomWrite? { self.rooms?.overdue(after: change) }

    /// The change could not be written: nothing has changed, and who wanted it is told.
    package mutating func failed(_ change: RoomChange, at now: Instant) -> [DomainDirective] {
        (self.rooms?.failed(change, at: now) ?? []).map(self.forward)
    }

    /// Tells everybody who is in a room that the service ends.
    package mutating func closeRooms() -> [DomainDirective] {
        (self.rooms?.shutDown() ?? []).map(self.forward)
    }
}
