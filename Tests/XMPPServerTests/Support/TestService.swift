import XML
import XMPP
import XMPPTransport

/// A local service that answers chat with what it heard, and any request with an empty result.
struct TestService: StanzaHandler {
    let heard = Recorder<Stanza>()
    /// Holds up whatever was heard until it is opened.
    var gate: Gate?

    func handle(_ stanza: Stanza, on link: any XMPPLink) async {
        self.heard.record(stanza)
        await self.gate?.pass()
        guard let reply = Self.reply(to: stanza) else { return }
        do {
            try await link.send(reply)
        } catch {
            // The peer's wait then ends with an error of its own, which the test sees.
            return
        }
    }

    private static func reply(to stanza: Stanza) -> Stanza? {
        switch stanza {
        case .message(let message):
            guard message.kind == .chat, let body = message.body else { return nil }
            return .message(Message(to: message.from, body: "you said: \(body)"))
        case .iq(let iq): return .iq(iq.reply(.result(nil)))
        case .presence(let presence):
            guard presence.kind == .subscribe else { return nil }
            return .presence(Presence(to: presence.from, kind: .subscribed))
        }
    }
}
