import CloudModel

/// What rooms take before they refuse; every number is the greatest that is still allowed.
package struct RoomLimits: Hashable, Sendable {
    /// Rooms of the whole service.
    package var rooms: Int
    /// Rooms that one person (bare JID) owns; who has so many cannot make another.
    package var ownedPerUser: Int
    /// Rooms that one person is in at a time.
    package var enteredPerUser: Int
    /// Occupants of one room, whatever its configuration says.
    package var occupantsPerRoom: Int
    /// Admins and owners who still come in when a room is full (XEP-0045 §7.2.9).
    package var adminsBeyondFull: Int
    /// Clients of one person under one nickname.
    package var sessionsPerOccupant: Int
    /// Addresses that are an owner, admin, member or outcast of one room.
    package var affiliationsPerRoom: Int
    /// Messages that a room remembers for those who come later.
    package var historyStanzas: Int
    /// Bytes of the remembered messages of one room.
    package var historyBytes: Int
    /// Bytes of a nickname.
    package var nicknameBytes: Int
    /// Bytes of one message to everybody or to one occupant, markup included.
    package var messageBytes: Int
    /// Bytes of one presence, markup included.
    package var presenceBytes: Int
    /// Bytes of a room's name, description, password or language.
    package var textBytes: Int
    /// Items of one administrative request.
    package var itemsPerRequest: Int
    /// Invitations in one message.
    package var invitationsPerMessage: Int
    /// Invitations of one room that can still be declined; the oldest is forgotten.
    package var openInvitations: Int
    /// Requests from occupant to occupant that wait for their answer in one room; the oldest is forgotten.
    package var relayedRequests: Int
    /// People whose voice a room remembers after they have left; the oldest is forgotten.
    package var rememberedRoles: Int
    /// How long a new room may stay unconfigured before its default configuration counts as accepted.
    package var lockedFor: Duration
    /// Attempts of one person to enter a room.
    package var entries: FloodGate.Rate
    /// Other presence of one person.
    package var presences: FloodGate.Rate
    /// Messages of one person.
    package var messages: FloodGate.Rate
    /// Requests of one person.
    package var requests: FloodGate.Rate
    /// People whose rates are kept count of at a time.
    package var watchedUsers: Int

    package init(
        rooms: Int = 1_000, ownedPerUser: Int = 20, enteredPerUser: Int = 100,
        occupantsPerRoom: Int = 500, adminsBeyondFull: Int = 20, sessionsPerOccupant: Int = 10,
        affiliationsPerRoom: Int = 1_000, historyStanzas: Int = 100, historyBytes: Int = 262_144,
        nicknameBytes: Int = 256, messageBytes: Int = 65_536, presenceBytes: Int = 16_384,
        textBytes: Int = 1_024, itemsPerRequest: Int = 100, invitationsPerMessage: Int = 10,
        openInvitations: Int = 100, relayedRequests: Int = 100, rememberedRoles: Int = 100,
        lockedFor: Duration = .seconds(600),
        entries: FloodGate.Rate = FloodGate.Rate(burst: 50, every: .milliseconds(200)),
        presences: FloodGate.Rate = FloodGate.Rate(burst: 30, every: .milliseconds(200)),
        messages: FloodGate.Rate = FloodGate.Rate(burst: 60, every: .milliseconds(100)),
        requests: FloodGate.Rate = FloodGate.Rate(burst: 100, every: .milliseconds(50)),
        watchedUsers: Int = 10_000
    ) {
        self.rooms = rooms
        self.ownedPerUser = ownedPerUser
        self.enteredPerUser = enteredPerUser
        self.occupantsPerRoom = occupantsPerRoom
        self.adminsBeyondFull = adminsBeyondFull
        self.sessionsPerOccupant = sessionsPerOccupant
        self.affiliationsPerRoom = affiliationsPerRoom
        self.historyStanzas = historyStanzas
        self.historyBytes = historyBytes
        self.nicknameBytes = nicknameBytes
        self.messageBytes = messageBytes
        self.presenceBytes = presenceBytes
        self.textBytes = textBytes
        self.itemsPerRequest = itemsPerRequest
        self.invitationsPerMessage = invitationsPerMessage
        self.openInvitations = openInvitations
        self.relayedRequests = relayedRequests
        self.rememberedRoles = rememberedRoles
        self.lockedFor = lockedFor
        self.entries = entries
        self.presences = presences
        self.messages = messages
        self.requests = requests
        self.watchedUsers = watchedUsers
    }
}
