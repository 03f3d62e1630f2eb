import CloudModel
import XMPP

/// One room that this process is in, enters, or means to enter again.
struct ChatRoom: Hashable, Sendable {
    enum Standing: Hashable, Sendable {
        /// We have asked to be let in, at that time.
        case entering(since: Instant)
        /// The room has let us in; the last sign that we are still there.
        case inside(sign: Instant)
        /// We are not there, and ask again at that time.
        case away(until: Instant)
    }

    /// What we want to be called there.
    let wanted: String
    /// What we are called there, or have asked for.
    var nickname: String
    var standing: Standing
    /// Whether its service is believed about who is there.
    let isTrusted: Bool
    /// Whether we have been inside: then only the room or a person ends that, not a failure.
    var isKept = false
    /// Attempts in a row to enter again that have failed.
    var failures = 0
    var isNonAnonymous = false
    /// Whose nickname is whose, as far as the room says.
    var people: [String: JID] = [:]
    var nicknamesTried = 1

    init(nickname: String, standing: Standing, isTrusted: Bool) {
        self.wanted = nickname
        self.nickname = nickname
        self.standing = standing
        self.isTrusted = isTrusted
    }

    /// Whether the room has let us in.
    var isInside: Bool {
        switch self.standing {
        case .inside: true
        case .entering, .away: false
        }
    }

    /// Whether people there act under their own names.
    var isActedIn: Bool { self.isTrusted && self.isNonAnonymous }

    /// The room gives a sign that we are there.
    mutating func gaveSign(at now: Instant) {
        if self.isInside { self.standing = .inside(sign: now) }
    }

    /// We are not there; nothing that was known about who is who counts any more.
    mutating func leftOut(until time: Instant) {
        self.standing = .away(until: time)
        self.nickname = self.wanted
        self.nicknamesTried = 1
        self.isNonAnonymous = false
        self.people = [:]
    }
}
