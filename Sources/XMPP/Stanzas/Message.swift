package import XML

/// A `<message/>` (RFC 6121 §5).
package struct Message: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case normal
        case chat
        case groupchat
        case headline
        case error
    }

    package var to: JID?
    package var from: JID?
    package var id: String?
    package var language: String?
    package var kind: Kind
    /// Everything inside, `<body/>` included, in order; elements this server does not know are kept as they
    /// came.
    package var payloads: [Element]

    package init(
        to: JID?, from: JID? = nil, id: String? = nil, language: String? = nil, kind: Kind = .chat,
        payloads: [Element]
    ) {
        self.to = to
        self.from = from
        self.id = id
        self.language = language
        self.kind = kind
        self.payloads = payloads
    }

    package init(to: JID?, from: JID? = nil, id: String? = nil, kind: Kind = .chat, body: String) {
        self.init(
            to: to, from: from, id: id, kind: kind,
            payloads: [Element("body", namespace: Namespace.client, text: body)])
    }

    /// The text of the first `<body/>`.
    package var body: String? {
        self.payloads.first { $0.matches("body", Namespace.client) }?.text
    }
}
