package import XML

extension Stanza {
    /// Reads a first-level element of a stream, whatever its content namespace.
    ///
    /// The children come out in `jabber:client` (see `StanzaNamespace`). Unknown attributes are dropped,
    /// unknown children kept. A message of unknown type is a normal one (RFC 6121 §5.2.2); everything else
    /// that RFC 6120 §8 forbids is a failure that says what to send back.
    package init(parsing element: Element) throws(StanzaParseFailure) {
        guard StanzaNamespace.isContentNamespace(element.namespace) else { throw .notAStanza }
        let draft = try Draft(element)
        switch element.name {
        case "message": self = try Self.message(draft)
        case "presence": self = try Self.presence(draft)
        case "iq": self = try Self.iq(draft)
        default: throw .notAStanza
        }
    }

    /// The stanza as it goes over a stream whose content namespace is `streamNamespace`.
    package func element(in streamNamespace: String = Namespace.client) -> Element {
        let name: String
        let language: String?
        let type: String?
        let children: [Element]
        switch self {
        case .message(let message):
            (name, language, children) = ("message", message.language, message.payloads)
            // The type that is meant when there is none (RFC 6121 §5.2.2).
            type = message.kind == .normal ? nil : message.kind.rawValue
        case .presence(let presence):
            (name, language, children) = ("presence", presence.language, presence.payloads)
            type = presence.kind == .available ? nil : presence.kind.rawValue
        case .iq(let iq):
            (name, language) = ("iq", iq.language)
            (type, children) = Self.typeAndChildren(of: iq.body)
        }
        var element = Element(
            name, namespace: streamNamespace,
            [
                "from": self.from?.description, "to": self.to?.description,
                "id": self.id.flatMap { $0.isEmpty ? nil : $0 },
                "type": type,
            ],
            StanzaNamespace.moved(children, from: Namespace.client, to: streamNamespace))
        element.language = language
        return element
    }

    private static func typeAndChildren(of body: IQ.Body) -> (String, [Element]) {
        switch body {
        case .get(let request): ("get", [request])
        case .set(let request): ("set", [request])
        case .result(let answer): ("result", answer.map { [$0] } ?? [])
        case .error(let error): ("error", [error.element])
        }
    }

    /// What all three kinds share, read once.
    private struct Draft {
        let to: JID?
        let from: JID?
        let id: String?
        let type: String?
        let language: String?
        let children: [Element]
        /// The `to` that was no address, for the error that says so.
        let hasMalformedRecipient: Bool

        init(_ element: Element) throws(StanzaParseFailure) {
            do {
                self.from = try element[attribute: "from"].map { text throws(JIDError) in try JID(text) }
            } catch {
                throw .malformedSender
            }
            var to: JID?
            var hasMalformedRecipient = false
            do {
                to = try element[attribute: "to"].map { text throws(JIDError) in try JID(text) }
            } catch {
                hasMalformedRecipient = true
            }
            self.to = to
            self.hasMalformedRecipient = hasMalformedRecipient
            self.id = element[attribute: "id"].flatMap { $0.isEmpty ? nil : $0 }
            self.type = element[attribute: "type"]
            self.language = element.language
            self.children = StanzaNamespace.moved(
                element.elements, from: element.namespace, to: Namespace.client)
        }
    }

    private static func message(_ draft: Draft) throws(StanzaParseFailure) -> Stanza {
        let stanza = Stanza.message(
            Message(
                to: draft.to, from: draft.from, id: draft.id, language: draft.language,
                kind: draft.type.flatMap(Message.Kind.init(rawValue:)) ?? .normal, payloads: draft.children))
        return try Self.checkingRecipient(stanza, draft)
    }

    private static func presence(_ draft: Draft) throws(StanzaParseFailure) -> Stanza {
        var presence = Presence(
            to: draft.to, from: draft.from, id: draft.id, language: draft.language, payloads: draft.children)
        // `available` is what is meant when there is no type, and may not be written.
        let kind = draft.type.map { $0 == "available" ? nil : Presence.Kind(rawValue: $0) } ?? .available
        guard let kind else {
            throw .refusing(.presence(presence), StanzaError(.badRequest, text: "unknown presence type"))
        }
        presence.kind = kind
        return try Self.checkingRecipient(.presence(presence), draft)
    }

    private static func iq(_ draft: Draft) throws(StanzaParseFailure) -> Stanza {
        var iq = IQ(
            to: draft.to, from: draft.from, id: draft.id ?? "", language: draft.language, body: .result(nil))
        switch draft.type {
        case "get", "set":
            // A stand-in request, so that the refusal is answered like one.
            let first = draft.children.first ?? Element("query", namespace: Namespace.client)
            iq.body = draft.type == "get" ? .get(first) : .set(first)
            guard draft.id != nil else {
                throw .refusing(.iq(iq), StanzaError(.badRequest, text: "an iq must have an id"))
            }
            guard draft.children.count == 1 else {
                throw .refusing(
                    .iq(iq), StanzaError(.badRequest, text: "a request must have exactly one child element"))
            }
        case "result":
            guard draft.id != nil, draft.children.count <= 1 else {
                throw .malformed(StanzaError(.badRequest), reply: nil)
            }
            iq.body = .result(draft.children.first)
        case "error":
            guard draft.id != nil else { throw .malformed(StanzaError(.badRequest), reply: nil) }
            let error = draft.children.last { StanzaError.matches($0) }
            iq.body = .error(error.map(StanzaError.init(parsing:)) ?? StanzaError(.undefinedCondition))
        default:
            iq.body = .get(Element("query", namespace: Namespace.client))
            throw .refusing(.iq(iq), StanzaError(.badRequest, text: "unknown iq type"))
        }
        return try Self.checkingRecipient(.iq(iq), draft)
    }

    private static func checkingRecipient(
        _ stanza: Stanza, _ draft: Draft
    ) throws(StanzaParseFailure) -> Stanza {
        guard draft.hasMalformedRecipient else { return stanza }
        throw .refusing(stanza, StanzaError(.jidMalformed, text: "the 'to' is not an address"))
    }
}

extension StanzaParseFailure {
    fileprivate static func refusing(_ stanza: Stanza, _ error: StanzaError) -> StanzaParseFailure {
        .malformed(error, reply: stanza.errorReply(error))
    }
}

extension Element {
    /// The value of `xml:lang`; setting nil removes it.
    package var language: String? {
        get {
            self.attributes.first { $0.name == "lang" && $0.namespace == Namespace.xml }?.value
        }
        set {
            self.attributes.removeAll { $0.name == "lang" && $0.namespace == Namespace.xml }
            if let newValue {
                self.attributes.append(Attribute(name: "lang", namespace: Namespace.xml, value: newValue))
            }
        }
    }
}
