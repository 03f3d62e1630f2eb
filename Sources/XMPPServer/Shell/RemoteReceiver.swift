import XMPP
import XMPPTransport

/// Takes what other servers send, and tells those here what could not be sent to them.
struct RemoteReceiver: RemoteStanzaReceiver {
    let shell: DomainShell

    func received(_ stanza: Stanza, on stream: RemoteStream) {
        self.shell.handle(
            .routed(stanza), from: stream.source, on: stream.id, pause: { stream.pauseReading() },
            resume: { stream.resumeReading() })
    }

    func afterAll(
        from stream: RemoteStream, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void
    ) {
        self.shell.afterBacklog(of: stream.source, mayGiveWay: mayGiveWay, body)
    }

    func undeliverable(_ stanza: Stanza, because error: StanzaError) {
        guard let reply = stanza.errorReply(error) else { return }
        self.shell.handleNow(.routed(reply))
    }
}
