import CoreMetrics
import Logging
import NIOCore
import XML
import XMPP

/// The shell of `ReceivingRemoteStream`: has keys verified, and hands on the stanzas that may pass.
final class RemoteInboundRole: StreamRole {
    let kind = TransportMetrics.Kind.remoteInbound
    let contentNamespace = Namespace.server

    private let environment: StreamEnvironment
    private let remotes: RemoteStreams
    private let receiver: any RemoteStanzaReceiver
    private let usesDirectTLS: Bool
    private var machine: ReceivingRemoteStream
    private var domain: String?
    private var remote: RemoteStream?

    init(
        environment: StreamEnvironment, remotes: RemoteStreams, receiver: any RemoteStanzaReceiver,
        usesDirectTLS: Bool
    ) {
        self.environment = environment
        self.remotes = remotes
        self.receiver = receiver
        self.usesDirectTLS = usesDirectTLS
        self.machine = ReceivingRemoteStream(
            ReceivingRemoteStream.Configuration(
                domains: environment.streamDomains, policy: environment.remotePolicy,
                dialbackSecret: environment.secret,
                authenticationFailures: environment.limits.authenticationFailures,
                limits: StreamLimits(longestStanza: environment.limits.remote.stanzaBytes)))
    }

    func makeTLSSession() throws(TLSError) -> TLSSession {
        try TLSSession(
            store: self.environment.certificates,
            role: .server(.serverStreams, domain: self.domain, alpn: self.usesDirectTLS))
    }

    func headerForRefusal() -> StreamHeader? {
        StreamHeader(
            contentNamespace: self.contentNamespace, id: StreamEnvironment.makeStreamID(),
            declaresDialback: true)
    }

    func started(on stream: StreamHandler) {}

    func established(_ facts: TLSFacts, on stream: StreamHandler) {
        self.perform(self.machine.established(facts), stream)
    }

    func received(_ header: StreamHeader, on stream: StreamHandler) {
        self.domain = header.to?.domain
        self.perform(
            self.machine.received(header, streamID: StreamEnvironment.makeStreamID()), stream)
    }

    func received(_ element: Element, on stream: StreamHandler) {
        self.perform(self.machine.received(element), stream)
    }

    func timedOut(on stream: StreamHandler) {
        self.perform(self.machine.timedOut(), stream)
    }

    func ended(_ end: StreamEnd) {
        guard let remote else { return }
        self.environment.logger.info(
            "a stream from another server ended", metadata: ["stream": "\(remote.id)", "end": "\(end)"])
    }

    private func perform(_ directives: [ReceivingRemoteStream.Directive], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .authenticated(let pair): self.authenticated(pair, stream)
            case .verify(let pair, let streamID, let key): self.verify(pair, streamID, key, stream)
            case .deliver(let stanza): self.deliver(stanza)
            case .reply(let stanza): self.remotes.sendOrDrop(stanza)
            case .refused(let error): stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    private func authenticated(_ pair: DomainPair, _ stream: StreamHandler) {
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: nil)
        guard self.remote == nil, let channel = stream.channel else { return }
        let remote = RemoteStream(
            id: StreamEnvironment.makeStreamID(), remoteAddress: stream.remoteAddress, gate: ReadGate(channel)
        )
        self.remote = remote
        self.environment.logger.info(
            "another server authenticated",
            metadata: ["domains": "\(pair)", "address": "\(remote.remoteAddress)", "stream": "\(remote.id)"])
    }

    private func verify(_ pair: DomainPair, _ streamID: String, _ key: String, _ stream: StreamHandler) {
        guard let eventLoop = stream.channel?.eventLoop else { return }
        let bound = NIOLoopBound((self, stream), eventLoop: eventLoop)
        self.remotes.verify(pair, streamID: streamID, key: key, on: eventLoop).whenSuccess { verdict in
            let (role, stream) = bound.value
            role.perform(role.machine.verified(pair, verdict), stream)
            stream.flush()
        }
    }

    private func deliver(_ stanza: Stanza) {
        guard let remote else { return }
        self.environment.metrics.remoteInbound.stanzas.increment()
        self.receiver.received(stanza, on: remote)
    }
}
