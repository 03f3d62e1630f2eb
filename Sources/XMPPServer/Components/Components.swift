import Logging
import Synchronization
import XMPP
import XMPPTransport

/// The external components attached to this server: each speaks for a domain beside ours (XEP-0114).
///
/// What is for such a domain goes to its component wherever it comes from; what a component says goes on as if
/// it had come from another server, and its own domain was proved.
final class Components: ComponentStreamAcceptor {
    /// The domains that components may speak for.
    let domains: Set<String>
    /// The domains that are decided in this process: of the accounts, of the rooms.
    private let local: Set<String>
    private let shell: DomainShell
    private let remotes: RemoteStreams
    private let streams: Mutex<[String: ComponentStream]> = Mutex([:])

    init(
        domains: Set<String>, local: Set<String>, shell: DomainShell, remotes: RemoteStreams
    ) {
        self.domains = domains
        self.local = local.subtracting(domains)
        self.shell = shell
        self.remotes = remotes
    }

    /// Whether the stanza is for a component's domain, connected or not.
    func isFor(_ stanza: Stanza) -> Bool {
        stanza.to.map { self.domains.contains($0.domain) } ?? false
    }

    /// Hands a stanza to its component; without one its sender is told.
    func deliver(_ stanza: Stanza) {
        let stream = stanza.to.flatMap { to in self.streams.withLock { $0[to.domain] } }
        if stream?.send(stanza) == true { return }
        let error = StanzaError(.serviceUnavailable, kind: .wait, text: "the component is not connected")
        guard let reply = stanza.errorReply(error) else { return }
        self.route(reply)
    }

    private func isLocal(_ stanza: Stanza) -> Bool {
        stanza.to.map { self.local.contains($0.domain) } ?? false
    }

    /// Sends a stanza wherever it is addressed to.
    private func route(_ stanza: Stanza) {
        if self.isFor(stanza) { return self.deliver(stanza) }
        if self.isLocal(stanza) { return self.shell.handleNow(.routed(stanza)) }
        do throws(StanzaError) {
            try self.remotes.send(stanza)
        } catch {
            guard let reply = stanza.errorReply(error), self.isFor(reply) else { return }
            self.deliver(reply)
        }
    }

    // MARK: ComponentStreamAcceptor

    func accept(_ stream: ComponentStream) -> Bool {
        let isAccepted = self.streams.withLock { streams in
            guard streams[stream.domain.domain] == nil else { return false }
            streams[stream.domain.domain] = stream
            return true
        }
        self.shell.logger.info(
            isAccepted ? "a component is connected" : "a second component of a domain was refused",
            metadata: ["domain": "\(stream.domain)"])
        return isAccepted
    }

    func received(_ stanza: Stanza, on stream: ComponentStream) {
        guard self.isLocal(stanza) else { return self.route(stanza) }
        self.shell.handle(
            .routed(stanza), from: stream.id, on: stream.id, pause: { stream.pauseReading() },
            resume: { stream.resumeReading() })
    }

    func ended(_ end: StreamEnd, on stream: ComponentStream) {
        self.streams.withLock { streams in
            if streams[stream.domain.domain] === stream { streams[stream.domain.domain] = nil }
        }
        self.shell.logger.info(
            "a component is gone", metadata: ["domain": "\(stream.domain)", "end": "\(end)"])
    }
}
