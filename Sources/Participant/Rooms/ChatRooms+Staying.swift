import CloudModel
import XMPP

/// Staying in rooms: over restarts, lost connections and failures of the room's server (XEP-0045 §7.2, XEP-0410).
extension ChatRooms {
    /// How long a room may take to answer that we want to enter.
    static let entryTime: Duration = .seconds(30)
    /// Without a sign from the room for so long, it is asked whether we are still there.
    static let checkPeriod: Duration = .seconds(300)
    /// The pause before we ask again to be let in, doubled by each failure up to the longest, and drawn from its upper half.
    static let shortestPause: Duration = .seconds(10)
    static let longestPause: Duration = .seconds(600)

    enum Step: Hashable, Sendable {
        /// Send presence to this address.
        case enter(JID)
        /// Ask this address, our own in the room, whether we are there.
        case ask(JID)
        /// The room has not answered, and is given up.
        case gone(JID, String)
    }

    /// What a question to our own address in a room has shown.
    enum Sight: Hashable, Sendable {
        case there
        case notThere
        /// The room cannot be asked, which says nothing about us.
        case unknown

        /// By the error that came back (XEP-0410 §3).
        init(_ error: StanzaError) {
            // Whoever answers so has been reached, through us; or the nickname is another one now.
            let reached: Set<StanzaError.Condition> = [
                .serviceUnavailable, .featureNotImplemented, .itemNotFound,
            ]
            let unreached: Set<StanzaError.Condition> = [.remoteServerNotFound, .remoteServerTimeout]
            self =
                reached.contains(error.condition)
                ? .there : unreached.contains(error.condition) ? .unknown : .notThere
        }
    }

    /// Takes up rooms that were remembered, at most as many as there may be.
    mutating func restore(
        _ remembered: [JID], as nickname: String, now: Instant, isTrusted: (JID) -> Bool
    ) {
        for room in remembered.prefix(Self.roomsLimit) where self.rooms[room] == nil {
            var restored = ChatRoom(
                nickname: nickname, standing: .away(until: now), isTrusted: isTrusted(room))
            restored.isKept = true
            self.rooms[room] = restored
        }
    }

    /// The connection is a new one, on which we are in no room: all of them are entered again.
    mutating func lostAll(now: Instant) {
        for room in self.rooms.keys { self.rooms[room]?.leftOut(until: now) }
    }

    /// What is due now.
    mutating func tick(now: Instant, using random: inout some RandomNumberGenerator) -> [Step] {
        self.rooms.keys.sorted().compactMap { address in
            guard let room = self.rooms[address] else { return nil }
            switch room.standing {
            case .away(let until):
                guard until <= now else { return nil }
                self.rooms[address]?.standing = .entering(since: now)
                return .enter(address.appending(resource: room.nickname))
            case .entering(let since):
                guard since.duration(to: now) >= Self.entryTime else { return nil }
                guard room.isKept else {
                    self.rooms[address] = nil
                    return .gone(address, "no answer")
                }
                self.failed(address, now: now, using: &random)
                return nil
            case .inside(let sign):
                guard sign.duration(to: now) >= Self.checkPeriod else { return nil }
                // Not asked again before another period is over, whatever comes of it.
                self.rooms[address]?.standing = .inside(sign: now)
                return .ask(address.appending(resource: room.nickname))
            }
        }
    }

    /// We have looked whether we are in the room; true if we are not, and will enter again.
    mutating func looked(_ address: JID, saw sight: Sight, now: Instant) -> Bool {
        guard self.rooms[address]?.isInside == true, sight == .notThere else { return false }
        self.rooms[address]?.leftOut(until: now)
        return true
    }

    /// Since when we ask to be let into the room; nil if we do not.
    func entering(_ address: JID) -> Instant? {
        guard case .entering(let since)? = self.rooms[address]?.standing else { return nil }
        return since
    }

    /// An attempt to enter again has failed: the next one comes later than after the one before.
    ///
    /// Drawn from the upper half of the pause, so that all whom a room's server has lost do not come back together.
    mutating func failed(_ address: JID, now: Instant, using random: inout some RandomNumberGenerator) {
        guard let room = self.rooms[address] else { return }
        let longest = Int64(Self.pause(after: room.failures) / .milliseconds(1))
        let pause = Duration.milliseconds(Int64.random(in: longest / 2...longest, using: &random))
        self.rooms[address]?.leftOut(until: now.advanced(by: pause))
        self.rooms[address]?.failures = min(room.failures + 1, Self.mostFailures)
    }

    /// Failures beyond which the pause grows no more.
    private static let mostFailures = 16

    /// The longest pause after so many failures before this one.
    static func pause(after failures: Int) -> Duration {
        min(Self.shortestPause * (1 << min(failures, Self.mostFailures)), Self.longestPause)
    }

    /// Refusals that may be others tomorrow: the room or its server fail, rather than say no.
    static let passing: Set<StanzaError.Condition> = [
        .conflict, .internalServerError, .policyViolation, .recipientUnavailable, .remoteServerNotFound,
        .remoteServerTimeout, .resourceConstraint, .serviceUnavailable,
    ]
}
