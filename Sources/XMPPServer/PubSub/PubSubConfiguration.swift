package import XMPP

/// How a node behaves: the fields of its configuration form (XEP-0060 §16.4.4) that are known here.
package struct PubSubConfiguration: Hashable, Sendable {
    /// Who may subscribe and read (XEP-0060 §4.5).
    package enum Access: String, Hashable, Sendable, CaseIterable {
        case open
        /// Those who see the owner's presence.
        case presence
        /// Those of them who are in certain groups of the owner's roster.
        case roster
        /// Those whom the owner has affiliated.
        case whitelist
    }

    /// Who may publish besides those who are affiliated as publishers.
    package enum Publishing: String, Hashable, Sendable, CaseIterable {
        case publishers
        case subscribers
        case open
    }

    /// When the last item is sent without being asked for.
    package enum LastItem: String, Hashable, Sendable, CaseIterable {
        case never
        case onSubscription = "on_sub"
        case onSubscriptionAndPresence = "on_sub_and_presence"
    }

    package var title = ""
    package var description = ""
    /// The namespace that payloads must have; empty for any.
    package var payloadType = ""
    package var access: Access
    package var rosterGroups: [String] = []
    package var publishing = Publishing.publishers
    package var persistsItems = true
    package var mostItems: Int
    package var deliversNotifications = true
    package var deliversPayloads = true
    package var notifiesConfiguration = false
    package var notifiesDeletion = false
    package var notifiesRetraction: Bool
    package var lastItem: LastItem
    /// The type of the messages that tell of events.
    package var messageKind = Message.Kind.headline

    /// What a node of an account is without a word about it (XEP-0163 §4).
    package static let personal = Self(
        access: .presence, mostItems: 1, notifiesRetraction: false, lastItem: .onSubscriptionAndPresence)

    /// What a feed of the domain is without a word about it.
    package static let feed = Self(
        access: .open, mostItems: 64, notifiesRetraction: true, lastItem: .onSubscription)
}
