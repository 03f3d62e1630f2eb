/// A message, presence or IQ: the unit of routing (RFC 6120 §8).
package enum Stanza: Hashable, Sendable {
    case message(Message)
    case presence(Presence)
    case iq(IQ)

    package var to: JID? {
        get {
            switch self {
            case .message(let message): message.to
            case .presence(let presence): presence.to
            case .iq(let iq): iq.to
            }
        }
        set {
            switch self {
            case .message(var message):
                message.to = newValue
                self = .message(message)
            case .presence(var presence):
                presence.to = newValue
                self = .presence(presence)
            case .iq(var iq):
                iq.to = newValue
                self = .iq(iq)
            }
        }
    }

    package var from: JID? {
        get {
            switch self {
            case .message(let message): message.from
            case .presence(let presence): presence.from
            case .iq(let iq): iq.from
            }
        }
        set {
            switch self {
            case .message(var message):
                message.from = newValue
                self = .message(message)
            case .presence(var presence):
                presence.from = newValue
                self = .presence(presence)
            case .iq(var iq):
                iq.from = newValue
                self = .iq(iq)
            }
        }
    }

    package var id: String? {
        switch self {
        case .message(let message): message.id
        case .presence(let presence): presence.id
        case .iq(let iq): iq.id
        }
    }
}
