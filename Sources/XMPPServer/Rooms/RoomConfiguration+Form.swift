package import XMPP

/// The configuration as owners see it (XEP-0045 §10.1.3, §16.5.3).
extension RoomConfiguration {
    package static let formType = "http://jabber.org/protocol/muc#roomconfig"

    enum FieldName {
        static let name = "muc#roomconfig_roomname"
        static let description = "muc#roomconfig_roomdesc"
        static let language = "muc#roomconfig_lang"
        static let persistent = "muc#roomconfig_persistentroom"
        static let published = "muc#roomconfig_publicroom"
        static let membersOnly = "muc#roomconfig_membersonly"
        static let moderated = "muc#roomconfig_moderatedroom"
        static let hasPassword = "muc#roomconfig_passwordprotectedroom"
        static let password = "muc#roomconfig_roomsecret"
        static let whois = "muc#roomconfig_whois"
        static let changeSubject = "muc#roomconfig_changesubject"
        static let invite = "muc#roomconfig_allowinvites"
        static let privateMessages = "muc#roomconfig_allowpm"
        static let shownRoles = "muc#roomconfig_presencebroadcast"
        static let maximumOccupants = "muc#roomconfig_maxusers"
        static let history = "muc#maxhistoryfetch"
        static let owners = "muc#roomconfig_roomowners"
        static let admins = "muc#roomconfig_roomadmins"
    }

    private static let occupantChoices = [10, 20, 50, 100, 200, 500, 1_000]

    /// The form with this configuration filled in.
    package func form(for room: JID, owners: [JID], admins: [JID], limits: RoomLimits) -> DataForm {
        DataForm(
            .form, title: "Configuration of \(room)",
            instructions: ["Leave a field as it is to keep what it says."],
            fields: [.init(DataForm.formTypeField, .hidden, values: [Self.formType])]
                + self.descriptiveFields + self.accessFields(limits) + self.speechFields(limits)
                + [
                    .init(
                        FieldName.admins, .jidMulti, label: "All admins of the room",
                        values: admins.map(\.description)),
                    .init(
                        FieldName.owners, .jidMulti, label: "All owners of the room",
                        values: owners.map(\.description)),
                ])
    }

    private var descriptiveFields: [DataForm.Field] {
        [
            .init(FieldName.name, .textSingle, label: "Name of the room", values: [self.name]),
            .init(FieldName.description, .textSingle, label: "What it is for", values: [self.description]),
            .init(FieldName.language, .textSingle, label: "Language", values: [self.language]),
            Self.flag(FieldName.persistent, "Stays when everybody has left", self.isPersistent),
            Self.flag(FieldName.published, "Is in the list of rooms", self.isPublic),
        ]
    }

    private func accessFields(_ limits: RoomLimits) -> [DataForm.Field] {
        let choices = Self.occupantChoices.filter { $0 <= limits.occupantsPerRoom }
        let numbers = Set(choices + [self.maximumOccupants, limits.occupantsPerRoom]).sorted()
        return [
            Self.flag(FieldName.membersOnly, "Members only", self.isMembersOnly),
            Self.flag(FieldName.hasPassword, "Needs a password", self.password != nil),
            .init(FieldName.password, .textPrivate, label: "The password", values: [self.password ?? ""]),
            .init(
                FieldName.maximumOccupants, .listSingle, label: "Most occupants",
                values: [String(self.maximumOccupants)],
                options: numbers.map { DataForm.Field.Option(String($0)) }),
            .init(
                FieldName.whois, .listSingle, label: "Who sees full addresses",
                values: [self.isNonAnonymous ? "anyone" : "moderators"],
                options: [
                    .init("moderators", label: "Moderators only"), .init("anyone", label: "Everybody"),
                ]),
            Self.flag(FieldName.invite, "Members may invite", self.membersMayInvite),
        ]
    }

    private func speechFields(_ limits: RoomLimits) -> [DataForm.Field] {
        [
            Self.flag(FieldName.moderated, "Only those with voice speak", self.isModerated),
            Self.flag(
                FieldName.changeSubject, "Participants may change the subject",
                self.participantsMayChangeSubject),
            .init(
                FieldName.privateMessages, .listSingle, label: "Who may write to single occupants",
                values: [self.privateMessages.rawValue],
                options: PrivateMessages.allCases.map { .init($0.rawValue) }),
            .init(
                FieldName.shownRoles, .listMulti, label: "Roles whose presence is shown",
                values: self.shownRoles.sorted().map(\.rawValue),
                options: RoomRole.allCases.filter { $0 != .absent }.map { .init($0.rawValue) }),
            .init(
                FieldName.history, .textSingle,
                label: "Messages shown to newcomers (at most \(limits.historyStanzas))",
                values: [String(self.historyStanzas)]),
        ]
    }

    private static func flag(_ name: String, _ label: String, _ value: Bool) -> DataForm.Field {
        .init(name, .boolean, label: label, values: [value ? "1" : "0"])
    }
}

/// What an owner has submitted.
package struct RoomSettings: Hashable, Sendable {
    package let configuration: RoomConfiguration
    /// All owners there are to be; nil to leave them as they are.
    package let owners: [JID]?
    /// All admins there are to be; nil to leave them as they are.
    package let admins: [JID]?
}

extension RoomConfiguration {
    /// This configuration changed as the submission says; a field that was left out stays as it is.
    ///
    /// - Throws: `bad-request` for what is no answer to the form, `not-acceptable` for what the service does not allow.
    package func changed(
        by submission: DataForm, to form: DataForm, limits: RoomLimits
    ) throws(StanzaError) -> RoomSettings {
        let answers: DataForm.Answers
        do throws(DataForm.Misfit) {
            answers = try form.answers(in: submission)
        } catch {
            throw StanzaError(.badRequest, text: error.description)
        }
        let given = Set(submission.fields.compactMap(\.name))
        var changed = self
        try changed.takeTexts(answers, given, limits)
        changed.takeFlags(answers)
        try changed.takePassword(answers, given, limits)
        try changed.takeNumbers(answers, limits)
        if let role = answers[FieldName.privateMessages]?.first.flatMap(PrivateMessages.init(rawValue:)) {
            changed.privateMessages = role
        }
        if given.contains(FieldName.shownRoles) {
            changed.shownRoles = Set(
                (answers[FieldName.shownRoles] ?? []).compactMap(RoomRole.init(rawValue:)))
        }
        if let whois = answers[FieldName.whois]?.first { changed.isNonAnonymous = whois == "anyone" }
        return RoomSettings(
            configuration: changed, owners: try Self.addresses(FieldName.owners, answers, given),
            admins: try Self.addresses(FieldName.admins, answers, given))
    }

    private mutating func takeTexts(
        _ answers: DataForm.Answers, _ given: Set<String>, _ limits: RoomLimits
    ) throws(StanzaError) {
        let texts: [(String, WritableKeyPath<RoomConfiguration, String>)] = [
            (FieldName.name, \.name), (FieldName.description, \.description),
            (FieldName.language, \.language),
        ]
        for (name, path) in texts where given.contains(name) {
            let text = answers[name]?.first ?? ""
            guard text.utf8.count <= limits.textBytes else {
                throw StanzaError(
                    .notAcceptable, text: "'\(name)' is longer than \(limits.textBytes) bytes")
            }
            self[keyPath: path] = text
        }
    }

    private mutating func takeFlags(_ answers: DataForm.Answers) {
        let flags: [(String, WritableKeyPath<RoomConfiguration, Bool>)] = [
            (FieldName.persistent, \.isPersistent), (FieldName.published, \.isPublic),
            (FieldName.membersOnly, \.isMembersOnly), (FieldName.moderated, \.isModerated),
            (FieldName.changeSubject, \.participantsMayChangeSubject), (FieldName.invite, \.membersMayInvite),
        ]
        for (name, path) in flags {
            if let answer = answers[name]?.first { self[keyPath: path] = answer == "1" }
        }
    }

    private mutating func takePassword(
        _ answers: DataForm.Answers, _ given: Set<String>, _ limits: RoomLimits
    ) throws(StanzaError) {
        let secret = given.contains(FieldName.password) ? answers[FieldName.password]?.first : self.password
        let isWanted = answers[FieldName.hasPassword]?.first.map { $0 == "1" } ?? !(secret ?? "").isEmpty
        guard isWanted else {
            self.password = nil
            return
        }
        guard let secret, !secret.isEmpty, secret.utf8.count <= limits.textBytes else {
            throw StanzaError(
                .notAcceptable,
                text: "a room with a password needs one of 1 to \(limits.textBytes) bytes")
        }
        self.password = secret
    }

    private mutating func takeNumbers(
        _ answers: DataForm.Answers, _ limits: RoomLimits
    ) throws(StanzaError) {
        if let text = answers[FieldName.maximumOccupants]?.first {
            guard let number = Int(text), (1...limits.occupantsPerRoom).contains(number) else {
                throw StanzaError(
                    .notAcceptable, text: "a room holds from 1 to \(limits.occupantsPerRoom) occupants")
            }
            self.maximumOccupants = number
        }
        if let text = answers[FieldName.history]?.first {
            guard let number = Int(text), (0...limits.historyStanzas).contains(number) else {
                throw StanzaError(
                    .notAcceptable, text: "a room shows from 0 to \(limits.historyStanzas) messages")
            }
            self.historyStanzas = number
        }
    }

    private static func addresses(
        _ name: String, _ answers: DataForm.Answers, _ given: Set<String>
    ) throws(StanzaError) -> [JID]? {
        guard given.contains(name) else { return nil }
        var addresses: Set<JID> = []
        for text in answers[name] ?? [] {
            do throws(JIDError) {
                addresses.insert(try JID(text).bare)
            } catch {
                throw StanzaError(.badRequest, text: "'\(name)' holds what is no address: \(error)")
            }
        }
        return addresses.sorted()
    }
}
