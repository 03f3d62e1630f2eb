package import XMPP

/// One contact: what the owner calls it and where the subscriptions stand.
package struct RosterItem: Hashable, Sendable {
    /// The contact's bare JID.
    package let contact: JID
    package var name: String?
    /// Sorted, each once.
    package var groups: [String]
    package var subscription: Subscription
    /// Whether clients see the item: the owner put it there or subscribed.
    ///
    /// A stranger's request alone is not listed.
    package var isListed: Bool
    /// The contact's request, as long as it is pending, to be shown at each login (RFC 6121 §3.1.3).
    package var request: Presence?

    package init(
        contact: JID, name: String? = nil, groups: [String] = [], subscription: Subscription = Subscription(),
        isListed: Bool, request: Presence? = nil
    ) {
        self.contact = contact
        self.name = name
        self.groups = groups
        self.subscription = subscription
        self.isListed = isListed
        self.request = request
    }

    /// Whether the item can be forgotten: not listed, nothing pending, nothing agreed.
    var isVoid: Bool {
        !self.isListed && self.subscription == Subscription()
    }

    /// What ends all that was agreed or asked, in the order in which the contact is to hear it (RFC 6121 §2.5.2).
    package var farewells: [SubscriptionRequest] {
        var farewells: [SubscriptionRequest] = []
        if self.subscription.outgoing != .none { farewells.append(.unsubscribe) }
        if self.subscription.incoming != .none { farewells.append(.unsubscribed) }
        return farewells
    }

    /// What clients see of the item; two items with the same view need no push between them.
    var view: View? {
        guard self.isListed else { return nil }
        return View(
            name: self.name, groups: self.groups, outgoing: self.subscription.outgoing,
            seesOwner: self.subscription.incoming == .established,
            isPreApproved: self.subscription.isPreApproved)
    }

    struct View: Hashable {
        let name: String?
        let groups: [String]
        let outgoing: Subscription.Standing
        let seesOwner: Bool
        let isPreApproved: Bool
    }
}
