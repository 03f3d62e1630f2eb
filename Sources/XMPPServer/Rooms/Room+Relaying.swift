import XML
import XMPP

/// Requests from occupant to occupant (XEP-0045 §6.6, §17.4, XEP-0410).
extension Room {
    mutating func relay(_ iq: IQ, _ request: Element, to nickname: String) throws(StanzaError) -> [Stanza] {
        guard let from = iq.from, let occupant = self.occupant(at: from) else {
            guard DiscoInfo.matches(request) || DiscoItems.matches(request) else {
                throw StanzaError(.notAcceptable, text: "you are not in the room")
            }
            throw StanzaError(.badRequest, text: "only those who are in the room see who is there")
        }
        // XEP-0410 §3.4: whoever gets here is in the room, and need not ask his own client.
        if occupant.nickname == nickname, Ping.matches(request) { return [.iq(iq.reply(.result(nil)))] }
        guard let asked = self.occupants[nickname], let shown = asked.shown else {
            throw StanzaError(.itemNotFound, text: "nobody in the room has that nickname")
        }
        // Cards belong to the account, which answers for its clients (XEP-0054 §3.3).
        let recipient = request.namespace == Namespace.vCard ? asked.user : shown.address
        var forwarded = iq
        forwarded.to = recipient
        forwarded.from = self.occupantAddress(occupant.nickname)
        forwarded.id = self.relays.add(
            iq, asker: from, asked: self.occupantAddress(nickname), recipient: recipient)
        return [.iq(forwarded)]
    }

    /// What those are told who wait for an answer of a client that has left.
    mutating func answersMissed(of address: JID) -> [Stanza] {
        self.relays.take(askedOf: address).filter { self.nicknames[$0.asker] != nil }.map { request in
            let error = StanzaError(.recipientUnavailable, text: "whoever was asked has left the room")
            return .iq(
                IQ(to: request.asker, from: request.asked, id: request.askerID, body: .error(error)))
        }
    }

    /// An answer goes back to the client that asked, from the occupant it asked.
    mutating func relayAnswer(_ iq: IQ) -> [Stanza] {
        guard let from = iq.from, let request = self.relays.take(iq.id, from: from) else { return [] }
        return [
            .iq(IQ(to: request.asker, from: request.asked, id: request.askerID, body: iq.body))
        ]
    }
}
