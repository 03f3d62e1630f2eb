import Operations
import XMPPServer

/// The keys below `rooms.limits`; what is not in the file keeps its default.
extension RoomLimits {
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        for key in Self.keys { try key.read(file, below: "rooms.limits", into: &self) }
    }

    static var keys: [LimitKey<Self>] { Self.sizes + Self.rates }

    private static var sizes: [LimitKey<Self>] {
        [
            .number("rooms", \.rooms), .number("owned-per-person", \.ownedPerUser),
            .number("entered-per-person", \.enteredPerUser), .number("occupants", \.occupantsPerRoom),
            .number("admins-beyond-full", \.adminsBeyondFull, in: 0...1_000_000_000),
            .number("clients-per-occupant", \.sessionsPerOccupant),
            .number("affiliations", \.affiliationsPerRoom),
            .number("history-messages", \.historyStanzas, in: 0...1_000_000_000),
            .number("history-bytes", \.historyBytes), .number("nickname-bytes", \.nicknameBytes),
            .number("message-bytes", \.messageBytes), .number("presence-bytes", \.presenceBytes),
            .number("text-bytes", \.textBytes), .number("items-per-request", \.itemsPerRequest),
            .number("invitations-per-message", \.invitationsPerMessage),
            .number("open-invitations", \.openInvitations),
            .number("relayed-requests", \.relayedRequests),
            .number("remembered-roles", \.rememberedRoles), .time("locked-time", \.lockedFor),
        ]
    }

    private static var rates: [LimitKey<Self>] {
        [
            .number("entries-burst", \.entries.burst), .time("entries-interval", \.entries.interval),
            .number("presences-burst", \.presences.burst),
            .time("presences-interval", \.presences.interval),
            .number("messages-burst", \.messages.burst), .time("messages-interval", \.messages.interval),
            .number("requests-burst", \.requests.burst), .time("requests-interval", \.requests.interval),
            .number("watched-people", \.watchedUsers),
        ]
    }
}
