import CloudModel
import XML
import XMPP

/// Messages to everybody and to one (XEP-0045 §7.4, §7.5, §8.1).
extension Room {
    /// A message to the room from one of its occupants' clients: to be reflected, or to change the subject.
    func speak(_ message: Message, at now: Instant) throws(StanzaError) -> Decision {
        guard let from = message.from, let occupant = self.occupant(at: from) else {
            throw StanzaError(.notAcceptable, text: "only those who are in the room speak in it")
        }
        try self.checkLength(of: message)
        let said = self.said(message, by: occupant)
        if message.isSubjectChange {
            guard self.configuration.allowsSubjectChange(by: occupant.role) else {
                throw StanzaError(.forbidden, text: "you may not change the subject")
            }
            let subject = RoomSubject(
                elements: message.payloads.filter { $0.matches("subject", Namespace.client) },
                nickname: occupant.nickname, author: occupant.id, time: now)
            return .act(.setSubject(said, subject, from: from))
        }
        guard occupant.role >= .participant else {
            throw StanzaError(.forbidden, text: "you have no voice in this room")
        }
        return .speak(
            RoomSpeech(
                room: self.address, message: said, isKept: said.isWorthRemembering,
                speaker: RoomItem(affiliation: occupant.affiliation, role: occupant.role, address: from)))
    }

    /// Passes on what was said, with the id it has in the archive (XEP-0359 §3.2) if it is in there.
    mutating func reflect(_ speech: RoomSpeech, id: StanzaID?, at now: Instant) -> [Stanza] {
        var said = speech.message
        if let id { said.payloads.append(id.element) }
        if speech.isKept { self.history.remember(said, at: now) }
        return self.reflect(said)
    }

    /// A message to one occupant (XEP-0045 §7.5): it goes to all his clients.
    func whisper(_ message: Message, to nickname: String) throws(StanzaError) -> [Stanza] {
        guard let from = message.from, let occupant = self.occupant(at: from) else {
            throw StanzaError(.notAcceptable, text: "only those who are in the room speak in it")
        }
        guard message.kind != .groupchat else {
            throw StanzaError(.badRequest, text: "a message of type groupchat is for the room")
        }
        guard let recipient = self.occupants[nickname] else {
            throw StanzaError(.itemNotFound, text: "nobody in the room has that nickname")
        }
        guard self.configuration.allowsPrivateMessages(from: occupant.role) else {
            throw StanzaError(.forbidden, text: "the room does not allow you private messages")
        }
        try self.checkLength(of: message)
        var said = self.said(message, by: occupant)
        said.payloads.append(RoomNotice().element)
        return recipient.sessions.map { session in
            said.to = session.address
            return .message(said)
        }
    }

    func checkLength(of message: Message) throws(StanzaError) {
        guard Stanza.message(message).weight <= self.limits.messageBytes else {
            throw StanzaError(
                .policyViolation, text: "the message is longer than \(self.limits.messageBytes) bytes")
        }
    }

    /// The message to every client in the room, the speaker's own included.
    func reflect(_ message: Message) -> [Stanza] {
        self.sessions.map { session in
            var copy = message
            copy.to = session
            return .message(copy)
        }
    }

    /// The message as the room passes it on: from the occupant, without what only the room may say.
    private func said(_ message: Message, by occupant: Occupant) -> Message {
        var said = message
        said.to = nil
        said.from = self.occupantAddress(occupant.nickname)
        said.payloads.removeAll { payload in
            RoomNotice.matches(payload) || RoomEntry.matches(payload) || OccupantID.matches(payload)
                || self.isForged(payload)
        }
        said.payloads.append(occupant.id.element)
        return said
    }

    /// Whether a payload claims to be of the room: its stanza ids (XEP-0359 §3.1) and its delays (XEP-0203 §5).
    private func isForged(_ payload: Element) -> Bool {
        let author: String?
        if payload.matches("stanza-id", Namespace.stanzaIDs) {
            author = payload[attribute: "by"]
        } else if Delay.matches(payload) {
            author = payload[attribute: "from"]
        } else {
            return false
        }
        guard let author else { return false }
        do {
            return try JID(author).bare == self.address
        } catch {
            return false
        }
    }

    /// A message as newcomers get it (XEP-0045 §7.2.13).
    func delayed(_ message: Message, since time: Instant, to address: JID) -> Message {
        var copy = message
        copy.to = address
        copy.payloads.append(Delay(time: DateTime(time), from: self.address).element)
        return copy
    }

    /// The subject as newcomers get it (XEP-0045 §7.2.15); an empty one if there never was any.
    func subjectMessage(to address: JID) -> Message {
        guard let subject else {
            return Message(
                to: address, from: self.address, kind: .groupchat,
                payloads: [Element("subject", namespace: Namespace.client)])
        }
        let message = Message(
            to: address, from: self.occupantAddress(subject.nickname), kind: .groupchat,
            payloads: subject.elements + [subject.author.element])
        return self.delayed(message, since: subject.time, to: address)
    }
}

extension Message {
    /// XEP-0045 §7.2.15, §8.1: a subject, and neither body nor thread.
    var isSubjectChange: Bool {
        self.payloads.contains { $0.matches("subject", Namespace.client) }
            && !self.payloads.contains {
                $0.matches("body", Namespace.client) || $0.matches("thread", Namespace.client)
            }
    }

    /// Whether newcomers want to see the message: something was said, and it may be kept.
    fileprivate var isWorthRemembering: Bool { self.archiving ?? (self.body != nil) }
}
