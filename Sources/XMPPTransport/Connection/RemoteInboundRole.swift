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
    /// What was received since stream management was enabled; nil without it.
    private var tally: RemoteTally?
    /// The domain that was proved first: whose stream may be resumed.
    private var peer = ""

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
                limits: StreamLimits(
                    longestStanza: environment.limits.remote.stanzaBytes,
                    longestSilence: Int(environment.limits.idleRemote.nanoseconds / 1_000_000_000))))
    }

    var longestSilence: TimeAmount? { self.environment.limits.idleRemote }

    func silent(on stream: StreamHandler) -> Bool {
        stream.close(nil)
        return false
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
        if let tally { self.settle(tally, after: end) }
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
            case .management(let element): self.manage(element, stream)
            case .reply(let stanza):
                guard let remote, self.tally?.handle(on: remote.id) ?? true else { continue }
                self.remotes.sendOrDrop(stanza)
            case .turnedAway(let domain, let reason):
                self.environment.logger.notice(
                    "policy turns another server away",
                    metadata: [
                        "domain": "\(domain)", "address": "\(stream.remoteAddress)", "reason": "\(reason)",
                    ])
            case .refused(let error): stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    private func authenticated(_ pair: DomainPair, _ stream: StreamHandler) {
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: nil)
        guard self.remote == nil, let gate = stream.gate else { return }
        stream.limitRate(self.environment.limits.rates.rate(ofRemote: pair.remote))
        let remote = RemoteStream(
            id: StreamEnvironment.makeStreamID(), remoteAddress: stream.remoteAddress, gate: gate
        )
        self.remote = remote
        self.peer = pair.remote
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
        guard let remote, self.tally?.handle(on: remote.id) ?? true else { return }
        self.environment.metrics.remoteInbound.stanzas.increment()
        self.receiver.received(stanza, on: remote)
    }
}

// MARK: Stream management (XEP-0198)

extension RemoteInboundRole {
    /// Streams between servers go one way: we count what comes, and there is nothing of ours to be acknowledged.
    private func manage(_ element: Element, _ stream: StreamHandler) {
        guard let remote else { return }
        do {
            switch try StreamManagementElement(parsing: element) {
            case .enable(let isResumable, let wish): self.enable(isResumable, wish, remote, stream)
            case .resume(let token, let handled): self.resume(token, handled, remote, stream)
            case .request: self.answer(remote, stream)
            case .answer(let handled):
                if handled != 0 { stream.close(.handledCountTooHigh(handled, sent: 0)) }
            case .enabled, .resumed, .failed:
                stream.close(
                    StreamError(.policyViolation, text: "<\(element.name)/> is not this side's to say"))
            }
        } catch {
            self.fail(.badRequest, stream)
        }
    }

    /// A stream that was closed as agreed is not resumed, one that did wrong is not either.
    private func settle(_ tally: RemoteTally, after end: StreamEnd) {
        switch end {
        case .lost: self.environment.guards.tallies.keep(tally, at: .now())
        case .closedByPeer, .refusedByPeer, .closedHere: self.environment.guards.tallies.forget(tally)
        }
    }

    private func fail(_ condition: StanzaError.Condition, _ stream: StreamHandler) {
        stream.send(StreamManagementElement.failed(condition, handled: nil).element)
    }

    private func enable(
        _ isResumable: Bool, _ wish: UInt32?, _ remote: RemoteStream, _ stream: StreamHandler
    ) {
        guard self.tally == nil else {
            self.fail(.unexpectedRequest, stream)
            stream.close(StreamError(.policyViolation, text: "stream management is enabled already"))
            return
        }
        let seconds = min(wish ?? .max, self.environment.limits.remoteResumptionSeconds)
        let tally = RemoteTally(peer: self.peer, stream: remote.id, seconds: seconds)
        self.tally = tally
        let canResume = isResumable && seconds > 0
        if canResume { self.environment.guards.tallies.add(tally, at: .now()) }
        let terms = StreamManagementElement.Terms(
            token: canResume ? tally.token : nil, resumptionTime: canResume ? seconds : nil)
        stream.send(StreamManagementElement.enabled(terms).element)
    }

    private func resume(
        _ token: String, _ handled: UInt32, _ remote: RemoteStream, _ stream: StreamHandler
    ) {
        guard self.tally == nil else { return self.fail(.unexpectedRequest, stream) }
        guard handled == 0 else { return stream.close(.handledCountTooHigh(handled, sent: 0)) }
        guard let tally = self.environment.guards.tallies.take(token, of: self.peer, at: .now()) else {
            return self.fail(.itemNotFound, stream)
        }
        self.tally = tally
        let count = tally.move(to: remote.id)
        remote.goesOn(as: tally.source)
        self.send(.resumed(token: token, handled: count), afterAllFrom: remote, stream)
    }

    /// Says what had its effect before the request came.
    private func answer(_ remote: RemoteStream, _ stream: StreamHandler) {
        guard let count = self.tally?.count else {
            stream.close(StreamError(.policyViolation, text: "enable stream management first"))
            return
        }
        self.send(.answer(handled: count), afterAllFrom: remote, stream)
    }

    /// What says how much was handled may be said once it has had its effect: the other side will not send it again.
    private func send(
        _ element: StreamManagementElement, afterAllFrom remote: RemoteStream, _ stream: StreamHandler
    ) {
        guard let eventLoop = stream.channel?.eventLoop else { return }
        let bound = NIOLoopBound(stream, eventLoop: eventLoop)
        self.receiver.afterAll(from: remote) {
            eventLoop.execute {
                guard bound.value.channel != nil else { return }
                bound.value.perform(.send(element.element))
                bound.value.flush()
            }
        }
    }
}
