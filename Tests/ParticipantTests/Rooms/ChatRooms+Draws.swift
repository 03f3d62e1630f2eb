import CloudModel
import XMPP

@testable import Participant

/// Draws one end of every range, so that a test knows what comes of it.
enum EndDraw: RandomNumberGenerator {
    case first
    case last

    mutating func next() -> UInt64 {
        switch self {
        // Not 0: a range whose size is no power of two would be drawn for again and again.
        case .first: 1 << 40
        case .last: .max
        }
    }
}

/// With pauses that are as long as they can be.
extension ChatRooms {
    mutating func handle(_ presence: Presence, from sender: JID, now: Instant) -> OnPresence {
        var random = EndDraw.last
        return self.handle(presence, from: sender, now: now, using: &random)
    }

    mutating func tick(now: Instant) -> [Step] {
        var random = EndDraw.last
        return self.tick(now: now, using: &random)
    }
}
