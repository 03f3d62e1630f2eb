package import XMPP

/// The four presence types that manage subscriptions (RFC 6121 §3).
package enum SubscriptionRequest: String, Hashable, Sendable, CaseIterable {
    case subscribe
    case subscribed
    case unsubscribe
    case unsubscribed

    /// Nil for a presence that tells or asks about availability.
    package init?(_ kind: Presence.Kind) {
        switch kind {
        case .subscribe: self = .subscribe
        case .subscribed: self = .subscribed
        case .unsubscribe: self = .unsubscribe
        case .unsubscribed: self = .unsubscribed
        case .available, .unavailable, .probe, .error: return nil
        }
    }

    package var presenceKind: Presence.Kind {
        switch self {
        case .subscribe: .subscribe
        case .subscribed: .subscribed
        case .unsubscribe: .unsubscribe
        case .unsubscribed: .unsubscribed
        }
    }
}
