import CoreMetrics
import NIOCore
import XML
import XMPP

/// The shell of `InitiatingRemoteStream`: reports once what came of the attempt, then keeps the stream open while used.
final class RemoteOutboundRole: RemoteStreamRole {
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
    private let expectation: TLSAExpectation?
    private let management: OutboundManagement
    private let receiver: (any RemoteStanzaReceiver)?
    /// What the peer sends on this stream, if it is used in both directions.
    private var incoming: RemoteStream?
    /// Authenticated, and not yet reported: the peer is asked whether a former stream goes on.
    private var resuming: OutboundRemoteStream?
    private var queue: OutboundQueue?
    private var stream: OutboundRemoteStream?
    private var machine: InitiatingRemoteStream
    private var outcome: EventLoopPromise<Outcome>?
    private var idleCheck: RepeatedTask?

    init(
        environment: StreamEnvironment, errand: RemoteErrand, expectation: TLSAExpectation?,
        usesDirectTLS: Bool, outcome: EventLoopPromise<Outcome>
    ) {
        let pair = errand.pair
        self.management = errand.management
        self.receiver = errand.receiver
        self.environment = environment
        self.pair = pair
        self.expectation = expectation
        self.usesDirectTLS = usesDirectTLS
        self.outcome = outcome
        self.machine = InitiatingRemoteStream(
            InitiatingRemoteStream.Configuration(
                pair: pair, purpose: errand.purpose,
                policy: environment.remotePolicy.authentication(of: pair.remote),
                hasCertificate: environment.certificates.hasCertificate(for: pair.local),
                dialbackSecret: environment.secret, mayBeBidirectional: errand.receiver != nil,
                limits: environment.limits.announcedToServers))
    }

    func makeTLSSession() throws(TLSError) -> TLSSession {
        let session = try TLSSession(
            store: self.environment.certificates,
            role: .client(
                .serverStreams, identity: self.pair.local,
                serverName: CertificateStore.asciiForm(of: self.pair.remote), alpn: self.usesDirectTLS))
        session.expectation = self.expectation
        return session
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
            case .deliver(let stanza): self.deliver(stanza, stream)
            case .malformed(let reply): self.received(malformed: reply)
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
            queue: queue, keeper: self.management, ended: channel.closeFuture,
            longestStanza: limits.longestStanza
        ) { error in
            eventLoop.execute { bound.value.close(error) }
        }
        self.stream = outbound
        self.queue = queue
        if offersManagement, self.management.canResume {
            // The time to authenticate goes on until the answer has come.
            self.resuming = outbound
            self.afterFormerStream(bound) { role, stream in role.resume(outbound, stream) }
            return
        }
        self.begin(outbound, isManaged: offersManagement, stream)
    }

    /// To resume is to say how much was handled, and the other server will not send that again: so once it has had its
    /// effect.
    private func afterFormerStream(
        _ bound: NIOLoopBound<StreamHandler>,
        _ body: @escaping @Sendable (RemoteOutboundRole, StreamHandler) -> Void
    ) {
        let stream = bound.value
        guard let receiver, let gate = stream.gate else { return body(self, stream) }
        let former = RemoteStream(
            id: StreamEnvironment.makeStreamID(), remoteAddress: stream.remoteAddress, gate: gate)
        former.goesOn(as: self.management.source)
        let role = NIOLoopBound(self, eventLoop: bound.eventLoop)
        receiver.afterAll(from: former, mayGiveWay: false) {
            bound.eventLoop.execute {
                let stream = bound.value
                guard stream.channel != nil else { return }
                body(role.value, stream)
                stream.flush()
            }
        }
    }

    private func resume(_ outbound: OutboundRemoteStream, _ stream: StreamHandler) {
        guard self.resuming === outbound else { return }
        if let resumption = self.management.resume() { return stream.send(resumption) }
        self.resuming = nil
        self.begin(outbound, isManaged: true, stream)
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
        self.takeReturn(stream)
        let bound = NIOLoopBound((self, stream), eventLoop: eventLoop)
        let period = self.environment.limits.idleRemote
        self.idleCheck = eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            let (role, stream) = bound.value
            role.closeIfIdle(outbound, stream)
        }
        self.outcome = nil
        outcome.succeed(.authenticated(outbound))
    }

    /// A stream on which something waits to be acknowledged is not idle: the other server may be gone.
    private func closeIfIdle(_ outbound: OutboundRemoteStream, _ stream: StreamHandler) {
        let isUsed = outbound.wasUsedSinceLastAsked()
        if self.management.unacknowledgedCount > 0 {
            outbound.write(StreamManagementElement.request.element)
            stream.expectAnswer()
        } else if !isUsed {
            stream.close(nil)
        }
    }

    private func manage(_ element: Element, _ stream: StreamHandler) {
        guard let outbound = self.stream else { return }
        let isResuming = self.resuming != nil
        self.resuming = nil
        for directive in self.management.receive(element) {
            switch directive {
            case .send(let element):
                if StreamManagementElement.isAnswer(element) {
                    self.acknowledge(element, outbound)
                } else {
                    outbound.write(element)
                }
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

// MARK: What the peer sends (XEP-0288)

extension RemoteOutboundRole {
    /// The peer may send from here on, as fast as on a stream of its own.
    private func takeReturn(_ stream: StreamHandler) {
        self.management.begins(isReturned: self.machine.isBidirectional)
        guard self.machine.isBidirectional, let gate = stream.gate else { return }
        stream.limitRate(self.environment.limits.rates.rate(ofRemote: self.pair.remote))
        let incoming = RemoteStream(
            id: StreamEnvironment.makeStreamID(), remoteAddress: stream.remoteAddress, gate: gate)
        incoming.goesOn(as: self.management.source)
        self.incoming = incoming
    }

    private func deliver(_ stanza: Stanza, _ stream: StreamHandler) {
        guard let incoming, let receiver, let outbound = self.stream else { return }
        self.management.handle()
        outbound.touch()
        self.environment.metrics.remoteInbound.stanzas.increment()
        receiver.received(stanza, on: incoming)
    }

    private func received(malformed reply: Stanza?) {
        guard let outbound = self.stream else { return }
        self.management.handle()
        guard let reply else { return }
        do {
            _ = try outbound.send(reply)
        } catch {
            self.environment.metrics.dropped.increment()
        }
    }

    /// Says what has been handled, once it has had its effect.
    private func acknowledge(_ answer: Element, _ outbound: OutboundRemoteStream) {
        guard let incoming, let receiver else { return outbound.write(answer) }
        receiver.afterAll(from: incoming, mayGiveWay: true) { outbound.write(answer) }
    }
}
