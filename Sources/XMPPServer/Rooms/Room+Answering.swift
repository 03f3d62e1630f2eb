import CloudModel
import XML
import XMPP

/// Which of its abilities a room puts to work for a request or a message to the room itself.
extension Room {
    /// A message that is not for everybody: an invitation, its refusal, or a form about voice.
    mutating func takeRequest(_ message: Message) throws(StanzaError) -> Decision {
        guard let from = message.from else { return .say([]) }
        try self.checkLength(of: message)
        let notice: RoomNotice?
        let form: DataForm?
        do throws(PayloadError) {
            notice = try message.payloads.first(RoomNotice.self)
            form = try message.payloads.first(DataForm.self)
        } catch {
            throw error.stanzaError
        }
        if let notice, !notice.invitations.isEmpty { return try self.invite(message, notice) }
        if let decline = notice?.decline { return .say(try self.decline(message, decline)) }
        if let form, form.formType == Self.voiceFormType {
            return .say(try self.takeVoiceForm(form, from: from))
        }
        guard self.occupant(at: from) != nil else {
            throw StanzaError(.notAcceptable, text: "only those who are in the room speak in it")
        }
        // §17.2: a message to everybody says so.
        throw StanzaError(.badRequest, text: "a message to the room has the type groupchat")
    }

    mutating func answer(
        _ iq: IQ, _ request: Element, from: JID, at now: Instant
    ) throws(StanzaError) -> Decision {
        let isOwner = self.affiliations[from] == .owner
        guard isOwner || !self.isLocked(at: now) else {
            throw StanzaError(.itemNotFound, text: "there is no such room")
        }
        if RoomAdministration.matches(request) {
            return try self.administration(iq, try Self.read(request), from: from)
        }
        if RoomOwnership.matches(request) {
            return try self.ownership(iq, try Self.read(request), isOwner: isOwner)
        }
        if request.matches("query", Namespace.registration) {
            switch iq.body {
            case .set: return try self.register(iq, request, of: from)
            case .get, .result, .error:
                return .say([.iq(iq.reply(.result(try self.registration(of: from))))])
            }
        }
        if let decision = try self.archiveRequest(iq, request, from: from) { return decision }
        return .say([.iq(try self.describe(iq, request, to: from))])
    }

    private static func read<P: Payload>(_ element: Element) throws(StanzaError) -> P {
        do throws(PayloadError) { return try P(parsing: element) } catch { throw error.stanzaError }
    }

    private func describe(_ iq: IQ, _ request: Element, to asker: JID) throws(StanzaError) -> IQ {
        guard case .get = iq.body else { throw StanzaError(.serviceUnavailable) }
        if Ping.matches(request) { return iq.reply(.result(nil)) }
        let node = request[attribute: "node"]
        if DiscoInfo.matches(request) { return iq.result(try self.info(node: node, for: asker)) }
        guard DiscoItems.matches(request) else { throw StanzaError(.serviceUnavailable) }
        guard node == nil else { throw StanzaError(.itemNotFound, text: "the room has no such node") }
        return iq.result(self.items(for: asker))
    }

    private func administration(
        _ iq: IQ, _ query: RoomAdministration, from: JID
    ) throws(StanzaError) -> Decision {
        switch iq.body {
        case .set: return try self.administer(iq, query, by: from)
        case .get, .result, .error: return .say([.iq(iq.result(try self.list(query, for: from)))])
        }
    }

    private func ownership(_ iq: IQ, _ query: RoomOwnership, isOwner: Bool) throws(StanzaError) -> Decision {
        guard isOwner else { throw StanzaError(.forbidden, text: "only owners configure the room") }
        switch iq.body {
        case .set: return try self.own(iq, query)
        case .get, .result, .error: return .say([.iq(iq.result(RoomOwnership(form: self.form())))])
        }
    }
}
