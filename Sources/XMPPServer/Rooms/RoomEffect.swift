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

extension RoomEffect {
    /// The same, with the id that a new subject has in the room's archive (XEP-0359 §3.2), if it has one.
    func archived(under id: StanzaID?) -> RoomEffect {
        guard let id, case .setSubject(var message, let subject, let author) = self else { return self }
        message.payloads.append(id.element)
        return .setSubject(message, subject, from: author)
    }
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

/// A decision that waits for the disk: written first, then put in place by `RoomService.apply(_:id:at:)`.
package struct RoomChange: Hashable, Sendable {
    /// The room's address.
    package let room: JID
    package let write: RoomWrite
    package let effect: RoomEffect
    /// Whose rate it counts for once it is over; nil for nobody's.
    package internal(set) var cause: Cause?

    /// What brought a change about.
    package struct Cause: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            case message
            case request
        }

        package let kind: Kind
        /// The bare JID.
        package let sender: JID
    }

    init(room: JID, write: RoomWrite, effect: RoomEffect, cause: Cause? = nil) {
        self.room = room
        self.write = write
        self.effect = effect
        self.cause = cause
    }
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
