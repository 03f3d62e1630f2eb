import CoreMetrics
import NIOCore
import XML
import XMPP

/// The shell of `InitiatingRemoteStream`: reports once what came of the attempt, then keeps the stream open while used.
final class RemoteOutboundRole: StreamRole {
    /// What came of an attempt.
    enum Outcome: Sendable {
        case authenticated(OutboundRemoteStream)
        case verified(DialbackVerdict)
    }

    let kind = TransportMetrics.Kind.remoteOutbound
    let contentNamespace = Namespace.server

    private let environment: StreamEnvironment
    private let pair: DomainPair
    private let usesDirectTLS: Bool
    private let management: OutboundManagement
    /// Authenticated, and not yet reported: the peer is asked whether a former stream goes on.
    private var resuming: OutboundRemoteStream?
    private var queue: OutboundQueue?
    private var stream: OutboundRemoteStream?
    private var machine: InitiatingRemoteStream
    private var outcome: EventLoopPromise<Outcome>?
    private var idleCheck: RepeatedTask?

    init(
        environment: StreamEnvironment, pair: DomainPair, purpose: InitiatingRemoteStream.Purpose,
        usesDirectTLS: Bool, management: OutboundManagement, outcome: EventLoopPromise<Outcome>
    ) {
        self.management = management
        self.environment = environment
        self.pair = pair
        self.usesDirectTLS = usesDirectTLS
        self.outcome = outcome
        self.machine = InitiatingRemoteStream(
            InitiatingRemoteStream.Configuration(
                pair: pair, purpose: purpose,
                policy: environment.remotePolicy.authentication(of: pair.remote),
                hasCertificate: environment.certificates.hasCertificate(for: pair.local),
                dialbackSecret: environment.secret))
    }

    func makeTLSSession() throws(TLSError) -> TLSSession {
        try TLSSession(
            store: self.environment.certificates,
            role: .client(
                .serverStreams, identity: self.pair.local,
                serverName: CertificateStore.asciiForm(of: self.pair.remote), alpn: self.usesDirectTLS))
    }

    func headerForRefusal() -> StreamHeader? { nil }

    func started(on stream: StreamHandler) {
        self.perform(self.machine.start(), stream)
    }

    func established(_ facts: TLSFacts, on stream: StreamHandler) {
        self.perform(self.machine.established(facts), stream)
    }

    func received(_ header: StreamHeader, on stream: StreamHandler) {
        self.perform(self.machine.received(header), stream)
    }

    func received(_ element: Element, on stream: StreamHandler) {
        self.perform(self.machine.received(element), stream)
    }

    func timedOut(on stream: StreamHandler) {
        self.perform(self.machine.timedOut(), stream)
        if self.resuming != nil {
            stream.close(StreamError(.connectionTimeout, text: "no answer to the resumption"))
        }
    }

    func ended(_ end: StreamEnd) {
        self.idleCheck?.cancel()
        self.idleCheck = nil
        if self.stream != nil { self.management.ended(end) }
        self.outcome?.fail(RemoteStreamError.ended(end))
        self.outcome = nil
    }

    private func perform(_ directives: [InitiatingRemoteStream.Directive], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .authenticated(let limits, let offersManagement):
                self.authenticated(limits, offersManagement, stream)
            case .management(let element): self.manage(element, stream)
            case .verified(let verdict):
                self.outcome?.succeed(.verified(verdict))
                self.outcome = nil
            case .failed(let failure):
                self.outcome?.fail(RemoteStreamError.negotiation(failure))
                self.outcome = nil
            case .refused(let error): stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    private func authenticated(
        _ limits: StreamLimits, _ offersManagement: Bool, _ stream: StreamHandler
    ) {
        guard let channel = stream.channel, self.outcome != nil else { return }
        let bound = NIOLoopBound(stream, eventLoop: channel.eventLoop)
        let queue = OutboundQueue(channel: channel, limits: self.environment.limits) {
            bound.value.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        let eventLoop = channel.eventLoop
        let outbound = OutboundRemoteStream(
            queue: queue, management: self.management, ended: channel.closeFuture,
            longestStanza: limits.longestStanza
        ) { error in
            eventLoop.execute { bound.value.close(error) }
        }
        self.stream = outbound
        self.queue = queue
        if offersManagement, let resumption = self.management.resume() {
            // The time to authenticate goes on until the answer has come.
            self.resuming = outbound
            stream.send(resumption)
            return
        }
        self.begin(outbound, isManaged: offersManagement, stream)
    }

    /// A stream of its own, without a former one.
    private func begin(_ outbound: OutboundRemoteStream, isManaged: Bool, _ stream: StreamHandler) {
        if isManaged {
            if let request = self.management.enable() { stream.send(request) }
        } else {
            self.management.giveUp()
        }
        self.report(outbound, stream)
    }

    /// Stanzas may be sent from here on.
    private func report(_ outbound: OutboundRemoteStream, _ stream: StreamHandler) {
        guard let outcome, let eventLoop = stream.channel?.eventLoop else { return }
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: self.queue)
        stream.flush()
        let bound = NIOLoopBound(stream, eventLoop: eventLoop)
        let period = self.environment.limits.idleRemote
        self.idleCheck = eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            if !outbound.wasUsedSinceLastAsked() { bound.value.close(nil) }
        }
        self.outcome = nil
        outcome.succeed(.authenticated(outbound))
    }

    private func manage(_ element: Element, _ stream: StreamHandler) {
        guard let outbound = self.stream else { return }
        let isResuming = self.resuming != nil
        self.resuming = nil
        for directive in self.management.receive(element) {
            switch directive {
            case .send(let element): outbound.write(element)
            case .resumed(let again):
                // What was written until now, the negotiation, goes first.
                stream.flush()
                for stanza in again { outbound.write(stanza.element(in: Namespace.server)) }
                self.report(outbound, stream)
            case .lost where isResuming: self.begin(outbound, isManaged: true, stream)
            case .lost, .enabled, .refused: break
            case .close(let error): stream.close(error)
            }
        }
    }
}
