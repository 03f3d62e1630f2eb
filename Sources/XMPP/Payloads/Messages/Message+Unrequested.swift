import XML

extension Message {
    /// Namespaces of what is only ever meant for somebody who asked a server of his own for it.
    private static let requestedOnly: Set = [
        Namespace.carbons, Namespace.archive, "urn:xmpp:mam:1", Namespace.forwarding, Namespace.pubSubEvent,
        "urn:xmpp:push:0",
    ]

    /// Whether it holds a copy, an archived message, an event or a push.
    ///
    /// Whoever did not ask for such things must not believe them: a client library that takes them from anybody believes
    /// whatever a stranger wraps into one (XEP-0280 §11, XEP-0313 §8; CVE-2017-5589 and its kin).
    package var holdsWhatIsSentOnRequest: Bool {
        self.payloads.contains { Self.requestedOnly.contains($0.namespace) }
    }
}
