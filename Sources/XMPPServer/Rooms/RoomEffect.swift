import XML
package import XMPP

/// Something decided that changes what a room remembers for good; done by `Room.apply(_:at:)`.
package enum RoomEffect: Hashable, Sendable {
    /// Who brings a change about.
    package struct Actor: Hashable, Sendable {
        /// The full JID.
        package let address: JID
        /// Nil if not in the room.
        package let nickname: String?

        /// As the others are told.
        var named: RoomItem.Actor { RoomItem.Actor(address: self.address.bare, nickname: self.nickname) }
    }

    package struct RoleChange: Hashable, Sendable {
        package let nickname: String
        package let role: RoomRole
        package let reason: String?
    }

    /// A configuration form was submitted.
    case configure(IQ, RoomConfiguration, [RoomAffiliations.Change])
    /// Roles and affiliations were changed.
    case administer(IQ, Actor, [RoomAffiliations.Change], [RoleChange])
    /// A message of the client with this address.
    case setSubject(Message, RoomSubject, from: JID)
    /// People were invited, some of whom become members by it.
    case invite([Room.Invited], [RoomAffiliations.Change])
    /// A nickname was reserved, or given back if nil.
    case register(IQ, RoomAffiliations.Change)
    case destroy(IQ, RoomDestruction)
}

/// What has to be on disk before a room's decision counts.
package enum RoomWrite: Hashable, Sendable {
    /// All of a room, new or changed.
    case save(RoomSnapshot)
    /// Entries of the room with this name, nil for those that go.
    case affiliations(room: String, [JID: RoomAffiliations.Entry?])
    case subject(room: String, RoomSubject)
    case delete(room: String)
}

/// What is kept of a room while nobody is in it.
package struct RoomSnapshot: Hashable, Sendable {
    /// The local part of its address.
    package let name: String
    package let configuration: RoomConfiguration
    package let affiliations: RoomAffiliations
    package let subject: RoomSubject?

    package init(
        name: String, configuration: RoomConfiguration, affiliations: RoomAffiliations,
        subject: RoomSubject?
    ) {
        self.name = name
        self.configuration = configuration
        self.affiliations = affiliations
        self.subject = subject
    }
}

/// A decision that waits for the disk: written first, then put in place by `RoomService.apply(_:at:)`.
package struct RoomChange: Hashable, Sendable {
    /// The room's address.
    package let room: JID
    package let write: RoomWrite
    package let effect: RoomEffect
}

/// What an event at the rooms comes to.
package enum RoomStep: Hashable, Sendable {
    /// Done; these are to be sent.
    case send([Stanza])
    /// Nothing has changed yet.
    case durable(RoomChange)
    /// To be archived, and passed on by `RoomService.reflect(_:id:at:)` with the id it has there.
    case speak(RoomSpeech)
    /// To be answered from the archive.
    case readArchive(RoomArchiveRequest)
}
