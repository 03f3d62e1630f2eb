package import XMPP

extension DeliveryRules.Kind {
    /// Subscription requests and probes are no kind of their own: the server handles them before delivery.
    package init(_ stanza: Stanza) {
        switch stanza {
        case .message(let message):
            switch message.kind {
            case .normal: self = .normalMessage
            case .chat: self = .chatMessage
            case .groupchat: self = .groupchatMessage
            case .headline: self = .headlineMessage
            case .error: self = .errorMessage
            }
        case .presence: self = .presence
        case .iq(let iq):
            switch iq.body {
            case .get, .set: self = .iqRequest
            case .result, .error: self = .iqAnswer
            }
        }
    }
}
