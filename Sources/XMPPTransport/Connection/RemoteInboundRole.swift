import CoreMetrics
import Logging
import NIOCore
import XML
import XMPP

/// The shell of `ReceivingRemoteStream`: has keys verified, and hands on the stanzas that may pass.
final class RemoteInboundRole: RemoteStreamRole {
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
    private var isResumable = false
    /// The domain that was proved first: whose stream may be resumed.
    private var peer = ""
    /// How stanzas go the other way, if the peer uses the stream in both directions.
    private var wayBack: WayBack?
    /// The keys that this stream waits for a verdict on.
    private(set) var verifications: [DomainPair: DialbackVerification] = [:]
    /// The domains that were proved.
    private var visitors: Set<String> = []
    private var eventLoop: (any EventLoop)?

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
                limits: environment.limits.announcedToServers))
    }

    var longestSilence: TimeAmount? { self.environment.limits.idleRemote }

    func silent(on stream: StreamHandler) -> Bool {
        // A stream on which something waits to be acknowledged is not idle: the peer may be gone.
        if let tally, let remote, tally.isCarried(by: remote.id), tally.unacknowledgedCount > 0 {
            stream.send(StreamManagementElement.request.element)
            stream.flush()
            return true
        }
        if self.wayBack?.isUsed != true { stream.close(nil) }
        return false
    }

    var failure: String? { self.machine.unproved }

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
        for verification in self.verifications.values { verification.giveUp() }
        self.verifications = [:]
        for domain in self.visitors { self.remotes.left(domain) }
        self.visitors = []
        guard let remote else { return }
        self.wayBack?.close()
        // What goes on over another connection is not over with this one.
        if let tally, tally.isCarried(by: remote.id) { self.settle(tally, of: remote, after: end) }
        self.environment.logger.info(
            "a stream from another server ended",
            metadata: ["stream": "\(remote.id)", "end": "\(LogText.escaped("\(end)"))"])
    }

    private func perform(_ directives: [ReceivingRemoteStream.Directive], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .authenticated(let pair): self.authenticated(pair, stream)
            case .verify(let pair, let streamID, let key): self.verify(pair, streamID, key, stream)
            case .deliver(let stanza):
                self.wayBack?.open()
                self.deliver(stanza)
            case .management(let element): self.manage(element, stream)
            case .malformed(let reply):
                self.wayBack?.open()
                guard let remote, self.tally?.handle(on: remote.id) ?? true else { continue }
                if let reply { self.remotes.sendOrDrop(reply) }
            case .turnedAway(let domain, let reason):
                var refusal = StreamRefusal(.policyViolation, reason)
                refusal.message = "policy turns another server away"
                refusal.domain = domain
                stream.log(refusal)
            case .refused(let error): stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    private func authenticated(_ pair: DomainPair, _ stream: StreamHandler) {
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: self.wayBack?.queue)
        self.wayBack?.add(pair)
        if self.visitors.insert(pair.remote).inserted { self.remotes.visited(pair.remote) }
        guard self.remote == nil, let gate = stream.gate else { return }
        self.eventLoop = stream.channel?.eventLoop
        stream.limitRate(self.environment.limits.rates.rate(ofRemote: pair.remote))
        let remote = RemoteStream(
            id: StreamEnvironment.makeStreamID(), remoteAddress: stream.remoteAddress, gate: gate
        )
        self.remote = remote
        self.peer = pair.remote
        self.makeWayBack(pair, remote, stream)
        self.environment.logger.info(
            "another server authenticated",
            metadata: ["domains": "\(pair)", "address": "\(remote.remoteAddress)", "stream": "\(remote.id)"])
    }

    private func verify(_ pair: DomainPair, _ streamID: String, _ key: String, _ stream: StreamHandler) {
        guard let eventLoop = stream.channel?.eventLoop else { return }
        let bound = NIOLoopBound((self, stream), eventLoop: eventLoop)
        let verification = self.remotes.verify(
            pair, streamID: streamID, key: key, shownBy: stream.networkAddress, on: eventLoop)
        self.verifications[pair] = verification
        verification.verdict.whenSuccess { verdict in
            let (role, stream) = bound.value
            // A verdict that was on its way when the stream ended is for nobody.
            guard role.verifications.removeValue(forKey: pair) != nil else { return }
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
    /// On a stream that goes one way we count what comes, and there is nothing of ours to be acknowledged.
    private func manage(_ element: Element, _ stream: StreamHandler) {
        guard let remote else { return }
        do {
            switch try StreamManagementElement(parsing: element) {
            case .enable(let isResumable, let wish): self.enable(isResumable, wish, remote, stream)
            case .resume(let token, let handled): self.resume(token, handled, remote, stream)
            case .request: self.answer(remote, stream)
            case .answer(let handled): self.acknowledged(handled, stream)
            case .enabled, .resumed, .failed:
                stream.close(
                    StreamError(.policyViolation, text: "<\(element.name)/> is not this side's to say"))
            }
        } catch {
            self.fail(.badRequest, stream)
        }
    }

    /// A stream that was closed as agreed is not resumed, one that did wrong is not either.
    private func settle(_ tally: RemoteTally, of remote: RemoteStream, after end: StreamEnd) {
        switch end {
        case .lost where self.isResumable:
            self.giveBack(self.environment.guards.tallies.keep(tally, after: remote.id, at: .now()))
            guard tally.unacknowledgedCount > 0 else { return }
            let remotes = self.remotes
            self.eventLoop?.scheduleTask(in: .seconds(Int64(tally.seconds))) {
                remotes.giveBack(unacknowledged: tally.abandon(after: remote.id))
            }
        // Also after a good-bye nobody says that what was written before it has arrived.
        case .lost, .closedByPeer, .refusedByPeer, .closedHere:
            self.environment.guards.tallies.forget(tally, after: remote.id)
            self.remotes.giveBack(unacknowledged: tally.abandon(after: remote.id))
        }
    }

    /// Streams that will not be resumed any more: what waits on them goes back to its senders.
    private func giveBack(_ tallies: [RemoteTally]) {
        for tally in tallies { self.remotes.giveBack(unacknowledged: tally.abandon()) }
    }

    private func acknowledged(_ handled: UInt32, _ stream: StreamHandler) {
        self.wayBack?.open()
        guard let tally else {
            if handled != 0 { stream.close(.handledCountTooHigh(handled, sent: 0)) }
            return
        }
        do {
            guard try tally.acknowledge(handled) else { return }
            stream.send(StreamManagementElement.request.element)
        } catch {
            stream.close(error)
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
        let tally =
            if self.wayBack == nil {
                RemoteTally(peer: self.peer, stream: remote.id, seconds: seconds)
            } else {
                RemoteTally(
                    peer: self.peer, stream: remote.id, seconds: seconds,
                    limits: self.environment.limits.remoteUnacknowledged)
            }
        self.tally = tally
        let canResume = isResumable && seconds > 0
        self.isResumable = canResume
        if canResume { self.giveBack(self.environment.guards.tallies.add(tally, at: .now())) }
        let terms = StreamManagementElement.Terms(
            token: canResume ? tally.token : nil, resumptionTime: canResume ? seconds : nil)
        self.begin(tally, with: [StreamManagementElement.enabled(terms).element], stream)
    }

    /// Both sides count from here on.
    private func begin(_ tally: RemoteTally, with elements: [Element], _ stream: StreamHandler) {
        guard let wayBack else {
            for element in elements { stream.send(element) }
            return
        }
        // What was said until now goes first.
        stream.flush()
        wayBack.keeper.begin(tally, with: elements, into: wayBack.queue)
        wayBack.open()
    }

    private func resume(
        _ token: String, _ handled: UInt32, _ remote: RemoteStream, _ stream: StreamHandler
    ) {
        guard self.tally == nil else { return self.fail(.unexpectedRequest, stream) }
        guard
            let tally = self.environment.guards.tallies.take(
                token, of: self.peer, over: remote.id, at: .now())
        else { return self.fail(.itemNotFound, stream) }
        self.tally = tally
        self.isResumable = true
        let count = tally.count
        remote.goesOn(as: tally.source)
        do {
            let again = try tally.resume(from: handled).map { $0.element(in: Namespace.server) }
            let request = again.isEmpty ? [] : [StreamManagementElement.request.element]
            // Without a way back the stream goes one way now.
            if self.wayBack == nil {
                self.remotes.giveBack(unacknowledged: tally.abandon(after: remote.id))
            }
            let resumed = StreamManagementElement.resumed(token: token, handled: count).element
            let elements = [resumed] + (self.wayBack == nil ? [] : again + request)
            self.afterAll(from: remote, on: stream, mayGiveWay: false) { role, stream in
                role.begin(tally, with: elements, stream)
            }
        } catch {
            stream.close(error)
        }
    }

    /// Says what had its effect before the request came.
    private func answer(_ remote: RemoteStream, _ stream: StreamHandler) {
        guard let count = self.tally?.count else {
            stream.close(StreamError(.policyViolation, text: "enable stream management first"))
            return
        }
        self.afterAll(from: remote, on: stream, mayGiveWay: true) { _, stream in
            stream.perform(.send(StreamManagementElement.answer(handled: count).element))
        }
    }

    /// What says how much was handled may be said once it has had its effect: the other side will not send it again.
    private func afterAll(
        from remote: RemoteStream, on stream: StreamHandler, mayGiveWay: Bool,
        _ body: @escaping @Sendable (RemoteInboundRole, StreamHandler) -> Void
    ) {
        guard let eventLoop = stream.channel?.eventLoop else { return }
        let bound = NIOLoopBound((self, stream), eventLoop: eventLoop)
        self.receiver.afterAll(from: remote, mayGiveWay: mayGiveWay) {
            eventLoop.execute {
                let (role, stream) = bound.value
                guard stream.channel != nil else { return }
                body(role, stream)
                stream.flush()
            }
        }
    }
}

// MARK: Both directions (XEP-0288)

extension RemoteInboundRole {
    /// The peer has asked for stanzas on this stream and proved its first domain.
    private func makeWayBack(_ pair: DomainPair, _ remote: RemoteStream, _ stream: StreamHandler) {
        guard self.machine.isBidirectional, let channel = stream.channel else { return }
        let wayBack = WayBack(
            over: channel, of: remote, closing: NIOLoopBound(stream, eventLoop: channel.eventLoop),
            longestStanza: self.machine.peerLimits.longestStanza, limits: self.environment.limits,
            remotes: self.remotes)
        wayBack.add(pair)
        self.wayBack = wayBack
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: wayBack.queue)
    }
}
