import CloudModel
import XMPP

/// What the clients that people write with can show, as far as that is known.
struct ChatClients: Sendable {
    /// Clients that are remembered; beyond it the one known longest is forgotten.
    static let limit = 256
    /// How long an answer to service discovery is believed.
    static let lifetime: Duration = .seconds(3_600)

    private struct Client {
        var since: Instant
        var sendsStates = false
        /// What it announces; empty until it has answered.
        var features: Set<String> = []
        var isAsked = false
    }

    private var clients: [JID: Client] = [:]

    /// A message with something to read in it came from a client.
    ///
    /// One without a chat state says that the client wants none (XEP-0085 §5.1).
    mutating func heard(_ message: Message, from client: JID, now: Instant) {
        self.know(client, now)
        self.clients[client]?.sendsStates = message.chatState != nil
    }

    /// Whether it is time to ask the client what it supports: once in a lifetime.
    mutating func mustAsk(_ client: JID, now: Instant) -> Bool {
        self.know(client, now)
        guard self.clients[client]?.isAsked == false else { return false }
        self.clients[client]?.isAsked = true
        return true
    }

    /// The client answered; one that did not supports nothing.
    mutating func learned(_ features: Set<String>, of client: JID) {
        self.clients[client]?.features = features
    }

    /// Whether it wants chat states: it announced them or sent one (XEP-0085 §4, §5.1).
    func takesStates(_ client: JID) -> Bool {
        guard let known = self.clients[client] else { return false }
        return known.sendsStates || known.features.contains(Namespace.chatStates)
    }

    /// Whether it announced that it shows corrections in place (XEP-0308 §2).
    func takesCorrections(_ client: JID) -> Bool {
        self.clients[client]?.features.contains(Namespace.correction) == true
    }

    private mutating func know(_ client: JID, _ now: Instant) {
        if let known = self.clients[client] {
            guard known.since.duration(to: now) >= Self.lifetime else { return }
        } else if self.clients.count >= Self.limit {
            let oldest = self.clients.min { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
            if let oldest { self.clients[oldest.key] = nil }
        }
        self.clients[client] = Client(since: now)
    }
}
