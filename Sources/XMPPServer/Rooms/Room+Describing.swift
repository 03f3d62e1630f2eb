import XML
import XMPP

/// What a room says of itself to service discovery (XEP-0045 §6.4, §6.5, §7.12, §18.1.1).
extension Room {
    /// What every room can do.
    static let features = [
        Namespace.rooms, Namespace.discoInfo, Namespace.discoItems, Namespace.ping, Namespace.occupantID,
        Namespace.registration, "http://jabber.org/protocol/muc#stable_id",
        "http://jabber.org/protocol/muc#self-ping-optimization", RoomConfiguration.formType,
        "http://jabber.org/protocol/muc#roominfo", Self.registrationFormType, Self.voiceFormType,
    ]

    static let nicknameNode = "x-roomuser-item"
    static let trafficNode = "http://jabber.org/protocol/muc#traffic"

    private var typeFeatures: [String] {
        [
            self.configuration.isPublic ? "muc_public" : "muc_hidden",
            self.isTemporary ? "muc_temporary" : "muc_persistent",
            self.configuration.isMembersOnly ? "muc_membersonly" : "muc_open",
            self.configuration.isModerated ? "muc_moderated" : "muc_unmoderated",
            self.configuration.isNonAnonymous ? "muc_nonanonymous" : "muc_semianonymous",
            self.configuration.password == nil ? "muc_unsecured" : "muc_passwordprotected",
        ]
    }

    /// What the room is called where it is listed.
    var title: String {
        self.configuration.name.isEmpty ? self.address.local ?? "" : self.configuration.name
    }

    /// Whether somebody may know what goes on in the room without entering it (XEP-0045 §14.4).
    private func isOpen(to asker: JID) -> Bool {
        if self.affiliations[asker] >= .member || self.isOccupied(by: asker.bare) { return true }
        return self.configuration.isPublic && !self.configuration.isMembersOnly
            && self.configuration.password == nil && self.affiliations[asker] != .outcast
    }

    func info(node: String?, for asker: JID) throws(StanzaError) -> DiscoInfo {
        switch node {
        case .none: return self.info(for: asker)
        case Self.nicknameNode:
            let identities = self.affiliations.reservedNickname(of: asker).map {
                [DiscoInfo.Identity(category: "conference", type: "text", name: $0)]
            }
            return DiscoInfo(node: node, identities: identities ?? [])
        case Self.trafficNode:
            throw StanzaError(.serviceUnavailable, text: "the room passes on everything")
        case .some: throw StanzaError(.itemNotFound, text: "the room has no such node")
        }
    }

    private func info(for asker: JID) -> DiscoInfo {
        var fields: [DataForm.Field] = [
            .init(DataForm.formTypeField, .hidden, values: ["http://jabber.org/protocol/muc#roominfo"]),
            .init(
                "muc#roominfo_description", .textSingle, label: "What it is for",
                values: [self.configuration.description]),
            .init(
                "muc#roominfo_subjectmod", .boolean, label: "Participants may change the subject",
                values: [self.configuration.participantsMayChangeSubject ? "1" : "0"]),
            .init(
                "muc#maxhistoryfetch", .textSingle, label: "Messages shown to newcomers",
                values: [String(self.configuration.historyStanzas)]),
        ]
        if !self.configuration.language.isEmpty {
            fields.append(
                .init(
                    "muc#roominfo_lang", .textSingle, label: "Language", values: [self.configuration.language]
                ))
        }
        if self.isOpen(to: asker) {
            fields += [
                .init(
                    "muc#roominfo_occupants", .textSingle, label: "Occupants",
                    values: [String(self.occupants.count)]),
                .init(
                    "muc#roominfo_subject", .textSingle, label: "Subject",
                    values: [self.subject?.text ?? ""]),
            ]
        }
        return DiscoInfo(
            identities: [.init(category: "conference", type: "text", name: self.title)],
            features: (Self.features + self.typeFeatures + self.archiveFeatures).sorted(),
            forms: [DataForm(.result, fields: fields)])
    }

    /// Who is in the room, for those who are in it themselves (XEP-0045 §6.5).
    func items(for asker: JID) -> DiscoItems {
        guard let occupant = self.occupant(at: asker) else { return DiscoItems() }
        let nicknames = self.occupants.keys.sorted().filter { nickname in
            nickname == occupant.nickname
                || self.configuration.shownRoles.contains(self.occupants[nickname]?.role ?? .absent)
        }
        return DiscoItems(items: nicknames.map { .init(address: self.occupantAddress($0)) })
    }
}
