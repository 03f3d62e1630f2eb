import XML
import XMPP

/// Reserving a nickname (XEP-0045 §7.10, §7.12): for those who have an affiliation; nobody becomes a member by asking.
extension Room {
    static let registrationFormType = "http://jabber.org/protocol/muc#register"
    private static let nicknameField = "muc#register_roomnick"

    private var registrationForm: DataForm {
        DataForm(
            .form, title: "A nickname in \(self.address)",
            instructions: ["The nickname that nobody else is to have in this room."],
            fields: [
                .init(DataForm.formTypeField, .hidden, values: [Self.registrationFormType]),
                .init(Self.nicknameField, .textSingle, label: "Nickname", isRequired: true),
            ])
    }

    private func checkRegistration(of user: JID) throws(StanzaError) {
        guard self.affiliations[user] >= .member else {
            throw StanzaError(.notAllowed, text: "only members reserve a nickname; admins make members")
        }
    }

    /// What somebody must say to register, or that he has.
    func registration(of user: JID) throws(StanzaError) -> Element {
        try self.checkRegistration(of: user)
        let namespace = Namespace.registration
        guard let nickname = self.affiliations.reservedNickname(of: user) else {
            return Element("query", namespace: namespace, [:], [self.registrationForm.element])
        }
        return Element(
            "query", namespace: namespace, [:],
            [
                Element("registered", namespace: namespace),
                Element("username", namespace: namespace, text: nickname),
            ])
    }

    func register(_ iq: IQ, _ request: Element, of user: JID) throws(StanzaError) -> Decision {
        try self.checkRegistration(of: user)
        let affiliation = self.affiliations[user]
        if request.child("remove") != nil {
            return .act(.register(iq, .init(address: user.bare, affiliation: affiliation, nickname: "")))
        }
        let submission: DataForm?
        do throws(PayloadError) {
            submission = try request.firstChild(DataForm.self)
        } catch {
            throw error.stanzaError
        }
        guard let submission else { throw StanzaError(.badRequest, text: "a form must be submitted") }
        let answers: DataForm.Answers
        do throws(DataForm.Misfit) {
            answers = try self.registrationForm.answers(in: submission)
        } catch {
            throw StanzaError(.badRequest, text: error.description)
        }
        guard let nickname = answers[Self.nicknameField]?.first else {
            throw StanzaError(.badRequest, text: "a nickname must be given")
        }
        try self.checkReservation(nickname, for: user.bare)
        return .act(
            .register(iq, .init(address: user.bare, affiliation: affiliation, nickname: nickname)))
    }
}
