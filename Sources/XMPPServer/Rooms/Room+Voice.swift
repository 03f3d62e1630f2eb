import XML
import XMPP

/// Asking for voice, and granting it by form (XEP-0045 §7.13, §8.6).
extension Room {
    static let voiceFormType = "http://jabber.org/protocol/muc#request"

    private enum FieldName {
        static let role = "muc#role"
        static let address = "muc#jid"
        static let nickname = "muc#roomnick"
        static let isGranted = "muc#request_allow"
    }

    /// A form about voice: a visitor's request, or a moderator's answer.
    mutating func takeVoiceForm(_ form: DataForm, from address: JID) throws(StanzaError) -> [Stanza] {
        guard let occupant = self.occupant(at: address) else {
            throw StanzaError(.notAcceptable, text: "only those who are in the room ask for voice")
        }
        guard form.kind == .submit, form.value(FieldName.role) == RoomRole.participant.rawValue else {
            throw StanzaError(.badRequest, text: "only voice, the role of participant, can be asked for")
        }
        if form.field(FieldName.isGranted) == nil { return try self.askForVoice(occupant) }
        guard occupant.role == .moderator else {
            throw StanzaError(.forbidden, text: "only moderators grant voice")
        }
        guard let nickname = form.value(FieldName.nickname), let visitor = self.occupants[nickname] else {
            throw StanzaError(.itemNotFound, text: "whoever asked for voice has left the room")
        }
        guard form.field(FieldName.isGranted)?.flag == true, visitor.role == .visitor else { return [] }
        self.occupants[nickname]?.role = .participant
        return self.sayNow(nickname, before: .visitor)
    }

    private func askForVoice(_ visitor: Occupant) throws(StanzaError) -> [Stanza] {
        guard visitor.role == .visitor, let address = visitor.shown?.address else {
            throw StanzaError(.badRequest, text: "you have voice already")
        }
        let form = DataForm(
            .form, title: "Request for voice",
            instructions: ["To let this person speak in the room, say so below."],
            fields: [
                .init(DataForm.formTypeField, .hidden, values: [Self.voiceFormType]),
                .init(
                    FieldName.role, .listSingle, label: "Requested role",
                    values: [RoomRole.participant.rawValue],
                    options: [.init(RoomRole.participant.rawValue)]),
                .init(FieldName.address, .jidSingle, label: "Address", values: [address.description]),
                .init(FieldName.nickname, .textSingle, label: "Nickname", values: [visitor.nickname]),
                .init(FieldName.isGranted, .boolean, label: "Grant voice?", values: ["0"]),
            ])
        return self.sessions.filter { self.occupant(at: $0)?.role == .moderator }.map { moderator in
            .message(
                Message(to: moderator, from: self.address, kind: .normal, payloads: [form.element]))
        }
    }
}
