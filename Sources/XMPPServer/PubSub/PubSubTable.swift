package import Storage
package import XMPP

/// The nodes of everybody here, and who listens to whom.
package struct PubSubTable: Sendable {
    package let limits: PubSubLimits
    /// By the bare JID that is asked; only those that have nodes.
    package internal(set) var services: [JID: PubSubService] = [:]
    /// The domain of the feeds as a bare JID; nil if there are none.
    package internal(set) var feeds: JID?
    package internal(set) var capabilities: CapabilityTable
    /// How often each person may change something at nodes, whoever owns them.
    var changes: FloodGate

    package init(limits: PubSubLimits = PubSubLimits()) {
        self.limits = limits
        self.capabilities = CapabilityTable(limits: limits)
        self.changes = FloodGate(limits.changes, senders: limits.watchedPublishers)
    }

    /// An account's service, empty if it has none yet.
    package func service(of account: JID) -> PubSubService {
        self.services[account]
            ?? PubSubService(address: account, kind: .personal, master: account, limits: self.limits)
    }

    /// Puts the feeds of `domain` at an address of their own.
    package mutating func openFeeds(at address: JID, of domain: JID) {
        self.feeds = address
        self.services[address] = PubSubService(
            address: address, kind: .feeds, master: domain, limits: self.limits)
    }

    /// Puts a node in place as it was written to disk; throws if this version cannot read it.
    package mutating func restore(_ node: StoredPubSubNode) throws {
        let owner = try JID(node.owner)
        // Feeds that are not offered any more stay on disk.
        guard owner.local != nil || owner == self.feeds else { return }
        var service = self.services[owner] ?? self.service(of: owner)
        try service.restore(node)
        self.services[owner] = service
    }

    /// Forgets an account that is gone, and what it was to the nodes of others.
    ///
    /// The feeds as they are now, if there are any, and whom to tell of those that went with it.
    mutating func forget(_ account: JID) -> (feeds: PubSubService?, notices: [PubSubNotice]) {
        self.services[account] = nil
        self.capabilities.forget(owner: account)
        var notices: [PubSubNotice] = []
        for address in self.services.keys.sorted() {
            notices += self.services[address]?.forget(account) ?? []
        }
        return (self.feeds.flatMap { self.services[$0] }, notices)
    }
}
