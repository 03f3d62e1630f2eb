package import XMPP

/// What a change of a roster means for the disk and for the owner's clients.
package struct RosterChange: Hashable, Sendable {
    package let contact: JID
    /// The item as it is now; nil if it is gone.
    package let item: RosterItem?
    /// The roster's version after the change.
    package let version: Int64
    /// Whether clients see a difference and get a roster push (RFC 6121 §2.1.6).
    package let isVisible: Bool

    package init(contact: JID, item: RosterItem?, version: Int64, isVisible: Bool) {
        self.contact = contact
        self.item = item
        self.version = version
        self.isVisible = isVisible
    }
}
