import XML
import XMPP

/// What belongs into a person's archive, and whose archive it is (XEP-0313 §6.1, XEP-0441).
enum ArchiveRules {
    /// Whether a message is worth keeping at all, whoever wrote it to whom.
    ///
    /// What has a text is, unless somebody asks for it not to be; what has none (a chat state, a receipt) only if
    /// somebody asks for it to be (XEP-0334). What is said in a room is in the room's archive.
    static func isWorthKeeping(_ message: Message) -> Bool {
        switch message.kind {
        case .groupchat, .headline, .error: return false
        case .normal, .chat: break
        }
        return message.archiving ?? (message.body != nil)
    }
}

extension ArchivePreferences {
    /// Whether messages to and from `peer` are archived (XEP-0441 §3.2).
    ///
    /// Who is on both lists is not.
    func allow(_ peer: JID, isInRoster: Bool) -> Bool {
        if Self.list(self.never, has: peer) { return false }
        if Self.list(self.always, has: peer) { return true }
        switch self.standard {
        case .always, nil: return true
        case .never: return false
        case .roster: return isInRoster
        }
    }

    private static func list(_ list: [JID], has peer: JID) -> Bool {
        !list.isEmpty && list.contains { $0.isBare ? $0 == peer.bare : $0 == peer }
    }
}
