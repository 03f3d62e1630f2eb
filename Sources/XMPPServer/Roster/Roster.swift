package import XMPP

/// One owner's contacts and subscriptions (RFC 6121 §2 and §3).
///
/// Pure: each method returns what has to be written, pushed and sent. A shell applies a method to a copy, writes the
/// change, and only then puts the copy in place, so that memory never knows more than the disk.
package struct Roster: Hashable, Sendable {
    /// What becomes of a subscription request that the owner's client sent.
    package struct OnSend: Hashable, Sendable {
        package let change: RosterChange?
        /// Whether the request goes on to the contact.
        package let isRouted: Bool
    }

    /// What becomes of a subscription request that arrived.
    package struct OnReceive: Hashable, Sendable {
        package let change: RosterChange?
        package let outcome: Subscription.OnReceive
        /// Whether the contact lost sight of the owner and is told `unavailable` (RFC 6121 §3.3.3).
        package let endsIncoming: Bool
    }

    /// What follows when the owner removes a contact (RFC 6121 §2.5.2).
    package struct OnRemove: Hashable, Sendable {
        package let change: RosterChange
        /// Sent to the contact in this order, to end what was agreed or asked.
        package let farewells: [SubscriptionRequest]
    }

    package private(set) var version: Int64
    private var items: [JID: RosterItem]
    private let limits: RosterLimits

    package init(version: Int64 = 0, items: [RosterItem] = [], limits: RosterLimits = RosterLimits()) {
        self.version = version
        self.items = Dictionary(items.map { ($0.contact, $0) }, uniquingKeysWith: { first, _ in first })
        self.limits = limits
    }

    package subscript(contact: JID) -> RosterItem? { self.items[contact] }

    /// What clients are shown, by address.
    package var listed: [RosterItem] {
        self.items.values.filter(\.isListed).sorted { $0.contact < $1.contact }
    }

    /// Everybody the owner has anything to do with, by address.
    package var contacts: [RosterItem] { self.items.values.sorted { $0.contact < $1.contact } }

    /// Those who see the owner's presence, by address.
    package var subscribers: [JID] {
        self.items.values.filter { $0.subscription.incoming == .established }.map(\.contact).sorted()
    }

    /// Those whose presence the owner sees, by address.
    package var watched: [JID] {
        self.items.values.filter { $0.subscription.outgoing == .established }.map(\.contact).sorted()
    }

    /// Requests that wait for the owner's answer, by address.
    package var pendingRequests: [Presence] {
        self.items.values.sorted { $0.contact < $1.contact }.compactMap(\.request)
    }

    /// The owner adds or renames a contact (RFC 6121 §2.3, §2.4); subscriptions stay as they are.
    package mutating func update(
        contact: JID, name: String?, groups: [String]
    ) throws(StanzaError) -> RosterChange {
        try self.check(name: name, groups: groups)
        var item = self.items[contact] ?? RosterItem(contact: contact, isListed: false)
        if !item.isListed { try self.checkRoom() }
        item.name = name.flatMap { $0.isEmpty ? nil : $0 }
        item.groups = groups.sorted()
        item.isListed = true
        return self.store(item, alwaysVisible: true)
    }

    /// The owner removes a contact; `item-not-found` if it is not listed (RFC 6121 §2.5.3).
    package mutating func remove(contact: JID) throws(StanzaError) -> OnRemove {
        guard let item = self.items[contact], item.isListed else {
            throw StanzaError(.itemNotFound, text: "\(contact) is not in this roster")
        }
        self.items[contact] = nil
        self.version += 1
        let change = RosterChange(contact: contact, item: nil, version: self.version, isVisible: true)
        return OnRemove(change: change, farewells: item.farewells)
    }

    /// The contact's account is gone, and everything about it with it; nil if nothing was known of it.
    ///
    /// Without a word to anybody: there is nobody left.
    package mutating func forget(_ contact: JID) -> RosterChange? {
        guard let item = self.items.removeValue(forKey: contact) else { return nil }
        if item.isListed { self.version += 1 }
        return RosterChange(contact: contact, item: nil, version: self.version, isVisible: item.isListed)
    }

    /// The owner's client sends a subscription request to `contact`.
    package mutating func send(
        _ request: SubscriptionRequest, to contact: JID
    ) throws(StanzaError) -> OnSend {
        var item = self.items[contact] ?? RosterItem(contact: contact, isListed: false)
        let before = item
        let outcome = item.subscription.send(request)
        switch request {
        case .subscribe:
            if !item.isListed { try self.checkRoom() }
            item.isListed = true
        case .subscribed:
            if !item.isListed, item != before { try self.checkRoom() }
            // RFC 6121 §3.4.2: who is approved in advance is put in the roster, and clients are told.
            if item != before { item.isListed = true }
        case .unsubscribe, .unsubscribed: break
        }
        if item.subscription.incoming != .pending { item.request = nil }
        let change = item == before ? nil : self.store(item)
        return OnSend(change: change, isRouted: outcome == .route)
    }

    /// `contact` sends a subscription request to the owner; `presence` is kept while it is pending.
    package mutating func receive(
        _ request: SubscriptionRequest, from contact: JID, presence: Presence
    ) throws(StanzaError) -> OnReceive {
        var item = self.items[contact] ?? RosterItem(contact: contact, isListed: false)
        let before = item
        let outcome = item.subscription.receive(request)
        if item.subscription.incoming == .pending {
            if before.subscription.incoming != .pending {
                let pending = self.items.values.count { $0.subscription.incoming == .pending }
                guard pending < self.limits.pendingRequests else {
                    throw StanzaError(.resourceConstraint, text: "too many requests wait for an answer")
                }
                item.request = presence.kept(within: self.limits.requestBytes)
            }
        } else {
            item.request = nil
        }
        if item.subscription.incoming == .established { item.isListed = true }
        let change = item == before ? nil : self.store(item)
        return OnReceive(
            change: change, outcome: outcome,
            endsIncoming: before.subscription.incoming == .established
                && item.subscription.incoming == .none)
    }

    private mutating func store(_ item: RosterItem, alwaysVisible: Bool = false) -> RosterChange {
        let before = self.items[item.contact]
        let isVisible = alwaysVisible || before?.view != item.view
        if isVisible { self.version += 1 }
        let kept = item.isVoid ? nil : item
        self.items[item.contact] = kept
        return RosterChange(contact: item.contact, item: kept, version: self.version, isVisible: isVisible)
    }

    private func check(name: String?, groups: [String]) throws(StanzaError) {
        let limit = self.limits.nameBytes
        guard (name ?? "").utf8.count <= limit, groups.allSatisfy({ $0.utf8.count <= limit }) else {
            throw StanzaError(.notAcceptable, text: "a name is longer than \(limit) bytes")
        }
        guard Set(groups).count == groups.count else {
            throw StanzaError(.badRequest, text: "a group is named twice")
        }
        guard groups.count <= self.limits.groups else {
            throw StanzaError(.notAcceptable, text: "more than \(self.limits.groups) groups")
        }
        guard !groups.contains("") else {
            throw StanzaError(.notAcceptable, text: "a group's name is empty")
        }
    }

    private func checkRoom() throws(StanzaError) {
        guard self.items.values.count(where: \.isListed) < self.limits.items else {
            throw StanzaError(.resourceConstraint, text: "the roster already has \(self.limits.items) items")
        }
    }
}
