import TestSupport
import XMPP
import XMPPTransport

/// Notes the messages that are sent over it; nobody answers anything.
struct NotingLink: XMPPLink {
    let address: JID
    let sent = Recorder<Message>()

    func send(_ stanza: Stanza) async throws {
        if case .message(let message) = stanza { self.sent.record(message) }
    }

    func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
        throw StanzaError(.remoteServerTimeout)
    }
}
