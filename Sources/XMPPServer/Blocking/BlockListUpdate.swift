package import XMPP

/// A block list as it will be once it is on disk, and whom to tell then.
package struct BlockListUpdate: Hashable, Sendable {
    package let request: AccountRequest
    package let list: BlockList
    /// Newly blocked.
    package let added: [JID]
    /// No longer blocked.
    package let removed: [JID]
    /// What the account's clients are told.
    package let push: Push

    package enum Push: Hashable, Sendable {
        case block(Block)
        case unblock(Unblock)
    }
}
