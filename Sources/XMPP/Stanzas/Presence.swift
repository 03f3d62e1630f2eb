package import XML

/// A `<presence/>` (RFC 6121 §4).
package struct Presence: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// No `type` attribute on the wire.
        case available
        case unavailable
        case subscribe
        case subscribed
        case unsubscribe
        case unsubscribed
        case probe
        case error
    }

    package var to: JID?
    package var from: JID?
    package var id: String?
    package var language: String?
    package var kind: Kind
    package var payloads: [Element]

    package init(
        to: JID?, from: JID? = nil, id: String? = nil, language: String? = nil, kind: Kind = .available,
        payloads: [Element] = []
    ) {
        self.to = to
        self.from = from
        self.id = id
        self.language = language
        self.kind = kind
        self.payloads = payloads
    }
}
