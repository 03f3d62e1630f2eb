import XML
package import XMPP

/// Which clients get copies of what their account's other clients send and get, and what is copied (XEP-0280).
package struct Carbons: Hashable, Sendable {
    /// Which way the message went, seen from the account.
    package enum Direction: Hashable, Sendable {
        case sent
        case received
    }

    /// The sessions that asked for copies.
    package private(set) var enabled: Set<SessionID> = []

    package init() {}

    package mutating func enable(_ id: SessionID) { self.enabled.insert(id) }

    /// Also when a session ends.
    package mutating func disable(_ id: SessionID) { self.enabled.remove(id) }

    /// Whether a message is copied (XEP-0280 §6).
    ///
    /// A private message out of a room is not when it arrives, for the room sends it to each client that is in it. An
    /// error is when it brings back something that would have been.
    package static func copies(_ message: Message, _ direction: Direction) -> Bool {
        if Self.isPrivate(message) { return false }
        if direction == .received, message.isFromRoom { return message.isInvitation }
        switch message.kind {
        case .groupchat: return false
        case .chat: return true
        case .normal, .headline, .error:
            return message.body != nil || message.isInvitation || message.hasConversationPayload
        }
    }

    private static func isPrivate(_ message: Message) -> Bool {
        message.payloads.contains { $0.matches("private", Namespace.carbons) }
            || message.to?.isBare == false && message.has(.noCopy)
    }
}

extension Message {
    /// Whether a room says something in it (XEP-0045 §7.5, §7.8.2).
    fileprivate var isFromRoom: Bool {
        self.payloads.contains { $0.matches("x", Namespace.roomUser) }
    }

    /// Whether it asks into a room, through the room or directly (XEP-0045 §7.8, XEP-0249).
    fileprivate var isInvitation: Bool {
        self.payloads.contains { element in
            element.matches("x", Namespace.directInvitation)
                || element.matches("x", Namespace.roomUser) && element.child("invite") != nil
        }
    }

    /// Whether it carries what belongs to conversations: receipts, chat states, markers (XEP-0184, XEP-0085, XEP-0333).
    fileprivate var hasConversationPayload: Bool {
        let namespaces = [Namespace.receipts, Namespace.chatStates, Namespace.chatMarkers]
        return self.payloads.contains { namespaces.contains($0.namespace) }
    }
}
