package import XMPP

/// The block lists of all accounts and the clients that follow theirs.
package struct Blocking: Hashable, Sendable {
    /// Of those accounts that block anybody.
    package private(set) var lists: [JID: BlockList] = [:]
    /// The sessions that asked for the list and hear of its changes.
    package private(set) var listeners: Set<SessionID> = []
    /// Addresses that one account may block.
    package let addressesPerAccount: Int

    package init(addressesPerAccount: Int = 1_000) {
        self.addressesPerAccount = addressesPerAccount
    }

    package subscript(account: JID) -> BlockList {
        get { self.lists[account] ?? BlockList() }
        set { self.lists[account] = newValue.isEmpty ? nil : newValue }
    }

    /// Whether nothing passes between the account and the address.
    package func blocks(_ address: JID, for account: JID) -> Bool {
        if self.lists.isEmpty { return false }
        return self.lists[account]?.blocks(address) ?? false
    }

    package mutating func listen(_ id: SessionID) { self.listeners.insert(id) }

    package mutating func forget(_ id: SessionID) { self.listeners.remove(id) }
}
