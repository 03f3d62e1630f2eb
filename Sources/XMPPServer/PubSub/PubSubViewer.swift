package import XMPP

/// Somebody who asks something of a service, and what the owner of its nodes has to do with him.
package struct PubSubViewer: Hashable, Sendable {
    /// As he sent it, with or without resource.
    package var address: JID
    /// Whether he sees the owner's presence.
    package var seesPresence: Bool
    /// The groups of the owner's roster that he is in.
    package var rosterGroups: Set<String>
    /// Whether he may make nodes here.
    package var mayCreate: Bool

    package init(
        _ address: JID, seesPresence: Bool = false, rosterGroups: Set<String> = [], mayCreate: Bool = false
    ) {
        self.address = address
        self.seesPresence = seesPresence
        self.rosterGroups = rosterGroups
        self.mayCreate = mayCreate
    }
}
