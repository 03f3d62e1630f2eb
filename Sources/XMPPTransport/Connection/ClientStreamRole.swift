import CoreMetrics
import Cryptography
import Logging
import NIOCore
import XML
import XMPP

/// The shell of `ReceivingClientStream`: looks credentials up, and hands the authenticated stream to a session.
final class ClientStreamRole: StreamRole {
    let kind = TransportMetrics.Kind.client
    let contentNamespace = Namespace.client

    private let environment: StreamEnvironment
    private let authority: any AccountAuthority
    private let acceptor: any ClientStreamAcceptor
    private let usesDirectTLS: Bool
    private var machine: ReceivingClientStream
    private var random = SecureRandom()
    private var streamID = ""
    private var domain: String?
    private var tls: TLSFacts?
    private var session: (stream: ClientStream, delegate: any ClientStreamDelegate)?

    init(
        environment: StreamEnvironment, clients: ClientService, usesDirectTLS: Bool
    ) {
        self.environment = environment
        self.authority = clients.authority
        self.acceptor = clients.acceptor
        self.usesDirectTLS = usesDirectTLS
        self.machine = ReceivingClientStream(
            ReceivingClientStream.Configuration(
                domains: environment.domains, mechanisms: clients.mechanisms,
                allowsCleartext: environment.clientsMayOmitTLS,
                authenticationFailures: environment.limits.authenticationFailures,
                sessionFeatures: clients.features,
                limits: StreamLimits(longestStanza: environment.limits.client.stanzaBytes)))
    }

    func makeTLSSession() throws(TLSError) -> TLSSession {
        try TLSSession(
            store: self.environment.certificates,
            role: .server(.clientStreams, domain: self.domain, alpn: self.usesDirectTLS))
    }

    func headerForRefusal() -> StreamHeader? {
        StreamHeader(contentNamespace: self.contentNamespace, id: StreamEnvironment.makeStreamID())
    }

    func started(on stream: StreamHandler) {}

    func established(_ facts: TLSFacts, on stream: StreamHandler) {
        self.tls = facts
        self.perform(self.machine.established(facts), stream)
    }

    func received(_ header: StreamHeader, on stream: StreamHandler) {
        self.streamID = StreamEnvironment.makeStreamID()
        self.domain = header.to?.domain
        self.perform(self.machine.received(header, streamID: self.streamID), stream)
    }

    func received(_ element: Element, on stream: StreamHandler) {
        self.perform(self.machine.received(element, using: &self.random), stream)
    }

    func timedOut(on stream: StreamHandler) {
        self.perform(self.machine.timedOut(), stream)
    }

    func ended(_ end: StreamEnd) {
        guard let session else { return }
        session.delegate.ended(end, on: session.stream)
        self.session = nil
    }

    private func perform(_ directives: [ReceivingClientStream.Directive], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .needCredentials(let account, let hash): self.lookUp(account, hash, stream)
            case .authenticated:
                break
            case .ready(let account, let mechanism): self.handOver(account, mechanism, stream)
            case .deliver(let element): self.deliver(element, stream)
            case .refused(let error): stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    private func lookUp(_ account: JID, _ hash: HashFunction, _ stream: StreamHandler) {
        guard let eventLoop = stream.channel?.eventLoop else { return }
        let fake = SCRAMCredentials.fake(
            for: account.description, secret: self.environment.secret, hash: hash)
        let authority = self.authority
        let bound = NIOLoopBound((self, stream), eventLoop: eventLoop)
        let logger = self.environment.logger
        // One at a time for each stream, which waits for it: the machine takes nothing else meanwhile.
        eventLoop.makeFutureWithTask {
            try await authority.credentials(of: account, hash: hash)
        }.whenComplete { result in
            let (role, stream) = bound.value
            switch result {
            case .success(let credentials):
                role.perform(role.machine.receive(credentials ?? fake), stream)
            case .failure(let error):
                logger.error(
                    "looking up an account failed", metadata: ["account": "\(account)", "error": "\(error)"])
                role.perform(role.machine.credentialsAreUnavailable(), stream)
            }
            stream.flush()
        }
    }

    private func handOver(_ account: JID, _ mechanism: String, _ stream: StreamHandler) {
        guard let channel = stream.channel else { return }
        let bound = NIOLoopBound(stream, eventLoop: channel.eventLoop)
        let queue = OutboundQueue(channel: channel, limits: self.environment.limits) {
            bound.value.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        stream.becameAuthenticated(limits: self.environment.limits.client, queue: queue)
        // The session may send at once: what was written so far goes first.
        stream.flush()
        let eventLoop = channel.eventLoop
        let client = ClientStream(
            id: self.streamID, account: account, mechanism: mechanism, remoteAddress: stream.remoteAddress,
            tls: self.tls, eventLoop: eventLoop, queue: queue, gate: ReadGate(channel)
        ) { error in
            eventLoop.execute { bound.value.close(error) }
        }
        self.session = (client, self.acceptor.accept(client))
    }

    private func deliver(_ element: Element, _ stream: StreamHandler) {
        guard let session else { return }
        guard element.namespace == Namespace.client else {
            session.delegate.received(other: element, on: session.stream)
            return
        }
        self.environment.metrics.client.stanzas.increment()
        do {
            session.delegate.received(try Stanza(parsing: element), on: session.stream)
        } catch {
            switch error {
            case .notAStanza: stream.close(StreamError(.unsupportedStanzaType))
            case .malformedSender: stream.close(StreamError(.invalidFrom))
            case .malformed(_, let reply):
                // The client gave no valid sender of its own to be answered to: it is the one on this stream.
                if var reply {
                    reply.to = nil
                    session.stream.send(reply)
                }
            }
        }
    }
}
