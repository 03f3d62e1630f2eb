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
    private var machine: InitiatingRemoteStream
    private var outcome: EventLoopPromise<Outcome>?
    private var idleCheck: RepeatedTask?

    init(
        environment: StreamEnvironment, pair: DomainPair, purpose: InitiatingRemoteStream.Purpose,
        usesDirectTLS: Bool, outcome: EventLoopPromise<Outcome>
    ) {
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
    }

    func ended(_ end: StreamEnd) {
        self.idleCheck?.cancel()
        self.idleCheck = nil
        self.outcome?.fail(RemoteStreamError.ended(end))
        self.outcome = nil
    }

    private func perform(_ directives: [InitiatingRemoteStream.Directive], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .authenticated(let limits): self.authenticated(limits, stream)
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

    private func authenticated(_ limits: StreamLimits, _ stream: StreamHandler) {
        guard let channel = stream.channel, let outcome else { return }
        let bound = NIOLoopBound(stream, eventLoop: channel.eventLoop)
        let queue = OutboundQueue(channel: channel, limits: self.environment.limits) {
            bound.value.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: queue)
        stream.flush()
        let eventLoop = channel.eventLoop
        let outbound = OutboundRemoteStream(
            queue: queue, ended: channel.closeFuture, longestStanza: limits.longestStanza
        ) { error in
            eventLoop.execute { bound.value.close(error) }
        }
        let period = self.environment.limits.idleRemote
        self.idleCheck = eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            if !outbound.wasUsedSinceLastAsked() { bound.value.close(nil) }
        }
        self.outcome = nil
        outcome.succeed(.authenticated(outbound))
    }
}
