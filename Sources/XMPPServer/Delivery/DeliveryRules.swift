package import XMPP

/// What a server does with a stanza for one of its accounts: the rules of RFC 6121 §8.5 as one table.
///
/// Where the RFC leaves a choice, a stanza that nobody will read comes back as an error instead of vanishing, and a
/// message for several clients goes to all that have a priority of zero or more.
package enum DeliveryRules {
    /// The kind of stanza, as far as delivery depends on it.
    package enum Kind: Hashable, Sendable, CaseIterable {
        case normalMessage
        case chatMessage
        case groupchatMessage
        case headlineMessage
        case errorMessage
        /// Available, unavailable or error.
        case presence
        case iqRequest
        case iqAnswer
    }

    /// A session of the addressee.
    package struct Resource: Hashable, Sendable {
        package let id: SessionID
        /// Nil while the session is connected but has sent no presence.
        package let priority: Int8?

        package init(id: SessionID, priority: Int8?) {
            self.id = id
            self.priority = priority
        }
    }

    /// Whom the stanza is for.
    package enum Addressee: Hashable, Sendable {
        case unknownAccount
        /// The bare JID of an account with these sessions.
        case bare([Resource])
        /// A full JID: the session that has that resource or, if none does, all sessions of the account.
        case full(match: SessionID?, [Resource])
    }

    package enum Decision: Hashable, Sendable {
        case deliver([SessionID])
        /// Kept until a client with a priority of zero or more comes (XEP-0160).
        case store
        case refuse(StanzaError.Condition)
        case drop
        /// The server answers in the account's name (RFC 6121 §8.5.2.1.3).
        case answerForAccount
    }

    package static func decide(_ kind: Kind, for addressee: Addressee) -> Decision {
        switch addressee {
        case .unknownAccount: Self.decideForUnknown(kind)
        case .bare(let resources): Self.decideForBare(kind, resources)
        case .full(.some(let match), _): .deliver([match])
        case .full(.none, let resources): Self.decideForMissing(kind, resources)
        }
    }

    /// RFC 6121 §8.5.1.
    private static func decideForUnknown(_ kind: Kind) -> Decision {
        switch kind {
        case .normalMessage, .chatMessage, .groupchatMessage, .iqRequest: .refuse(.serviceUnavailable)
        case .headlineMessage, .errorMessage, .presence, .iqAnswer: .drop
        }
    }

    /// RFC 6121 §8.5.2.
    private static func decideForBare(_ kind: Kind, _ resources: [Resource]) -> Decision {
        let willing = resources.filter { ($0.priority ?? -1) >= 0 }.map(\.id)
        switch kind {
        case .normalMessage, .chatMessage: return willing.isEmpty ? .store : .deliver(willing)
        case .headlineMessage: return willing.isEmpty ? .drop : .deliver(willing)
        case .groupchatMessage: return .refuse(.serviceUnavailable)
        case .errorMessage, .iqAnswer: return .drop
        case .presence:
            let available = resources.filter { $0.priority != nil }.map(\.id)
            return available.isEmpty ? .drop : .deliver(available)
        case .iqRequest: return .answerForAccount
        }
    }

    /// A full JID that no session has: RFC 6121 §8.5.3.2.
    private static func decideForMissing(_ kind: Kind, _ resources: [Resource]) -> Decision {
        switch kind {
        case .chatMessage: Self.decideForBare(kind, resources)
        case .normalMessage, .groupchatMessage, .headlineMessage, .iqRequest: .refuse(.serviceUnavailable)
        case .errorMessage, .presence, .iqAnswer: .drop
        }
    }
}
