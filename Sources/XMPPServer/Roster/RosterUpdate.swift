package import XMPP

/// A roster as it will be once it is on disk, and what follows then.
package struct RosterUpdate: Hashable, Sendable {
    /// What brought the change about.
    package enum Cause: Hashable, Sendable {
        /// A roster set of a client, to be answered.
        case edited(AccountRequest)
        /// A roster removal by a client, to be answered, and what the contact is to hear of it.
        case removed(AccountRequest, farewells: [SubscriptionRequest])
        /// The owner's subscription request.
        case sent(Presence, SubscriptionRequest, isRouted: Bool)
        /// The contact's subscription request.
        case received(Presence, SubscriptionRequest, Subscription.OnReceive, endsIncoming: Bool)
    }

    /// Whose roster: the bare JID of an account, or the domain.
    package let owner: JID
    package let roster: Roster
    package let change: RosterChange
    package let cause: Cause
}
