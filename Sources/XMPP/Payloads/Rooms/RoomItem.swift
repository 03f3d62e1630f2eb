import XML

/// Who somebody is in a room: the `<item/>` of `muc#user` and `muc#admin` (XEP-0045 §19.2, §19.3).
package struct RoomItem: Hashable, Sendable {
    /// Who brought a change about.
    package struct Actor: Hashable, Sendable {
        package var address: JID?
        package var nickname: String?

        package init(address: JID? = nil, nickname: String? = nil) {
            self.address = address
            self.nickname = nickname
        }
    }

    package var affiliation: RoomAffiliation?
    package var role: RoomRole?
    package var address: JID?
    /// May be empty in a request, which gives a reserved nickname back (XEP-0045 §9.5).
    package var nickname: String?
    package var actor: Actor?
    package var reason: String?

    package init(
        affiliation: RoomAffiliation? = nil, role: RoomRole? = nil, address: JID? = nil,
        nickname: String? = nil, actor: Actor? = nil, reason: String? = nil
    ) {
        self.affiliation = affiliation
        self.role = role
        self.address = address
        self.nickname = nickname
        self.actor = actor
        self.reason = reason
    }

    static let elementName = "item"

    init(parsing element: Element) throws(PayloadError) {
        self.affiliation = try element.choice("affiliation")
        self.role = try element.choice("role")
        self.address = try element.address("jid")
        self.nickname = element[attribute: "nick"]
        self.actor = try element.child("actor").map { actor throws(PayloadError) in
            Actor(address: try actor.address("jid"), nickname: actor[attribute: "nick"])
        }
        self.reason = element.child("reason")?.text
    }

    func element(in namespace: String) -> Element {
        var children: [Element] = []
        if let actor {
            children.append(
                Element(
                    "actor", namespace: namespace,
                    ["jid": actor.address?.description, "nick": actor.nickname]))
        }
        if let reason { children.append(Element("reason", namespace: namespace, text: reason)) }
        return Element(
            Self.elementName, namespace: namespace,
            [
                "affiliation": self.affiliation?.rawValue, "jid": self.address?.description,
                "nick": self.nickname, "role": self.role?.rawValue,
            ], children)
    }
}

extension Element {
    /// The attribute as one of the values of a closed set; nil if there is no such attribute.
    fileprivate func choice<Choice: RawRepresentable<String>>(
        _ name: String
    ) throws(PayloadError) -> Choice? {
        guard let text = self[attribute: name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw PayloadError("the attribute '\(name)' of <\(self.name)/> is none that a room knows")
        }
        return choice
    }
}
