package import XML

/// How far somebody is with a conversation (XEP-0085 §2).
package enum ChatState: String, Hashable, Sendable, CaseIterable {
    case active
    case composing
    case paused
    case inactive
    case gone

    package var element: Element { Element(self.rawValue, namespace: Namespace.chatStates) }
}

extension Message {
    /// The state that the message tells, if it tells one.
    package var chatState: ChatState? {
        self.payloads.lazy.filter { $0.namespace == Namespace.chatStates }
            .compactMap { ChatState(rawValue: $0.name) }.first
    }
}
