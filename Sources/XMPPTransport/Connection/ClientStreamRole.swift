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
    private var failures = 0

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
                sessionFeatures: clients.features(),
                limits: StreamLimits(
                    longestStanza: environment.limits.client.stanzaBytes,
                    longestSilence: Self.announcedSilence(environment.limits))))
    }

    /// A client that says nothing for so long, not even when asked, is cut off (XEP-0478).
    private static func announcedSilence(_ limits: TransportLimits) -> Int {
        Int((limits.clientSilence + limits.clientAnswer).nanoseconds / 1_000_000_000)
    }

    var longestSilence: TimeAmount? { self.environment.limits.clientSilence }

    func silent(on stream: StreamHandler) -> Bool {
        self.session.map { $0.delegate.silent(on: $0.stream) } ?? false
    }

    var failure: String? {
        guard self.failures > 0, !self.machine.isAuthenticated else { return nil }
        return self.failures == 1 ? "a failure to authenticate" : "\(self.failures) failures to authenticate"
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
        if element.namespace == Namespace.sasl, self.isBarred(stream) { return self.turnAway(stream) }
        self.perform(self.machine.received(element, using: &self.random), stream)
    }

    private func isBarred(_ stream: StreamHandler) -> Bool {
        guard !self.machine.isAuthenticated, let eventLoop = stream.channel?.eventLoop else { return false }
        return self.environment.guards.isBarred(stream.networkAddress, at: eventLoop.now)
    }

    /// Too many failures from that address: this attempt is not even looked at.
    private func turnAway(_ stream: StreamHandler) {
        let text = "too many failures from your address; try again in an hour"
        stream.perform(
            .send(SASLElement.failure(SASLFailure(.temporaryAuthFailure, text: text)).element))
        stream.close(StreamError(.policyViolation, text: text))
    }

    func timedOut(on stream: StreamHandler) {
        guard self.session == nil else {
            return stream.close(StreamError(.connectionTimeout, text: "no resource was bound"))
        }
        self.perform(self.machine.timedOut(), stream)
    }

    func ended(_ end: StreamEnd) {
        guard let session else { return }
        session.delegate.ended(end, on: session.stream)
        self.session = nil
    }

    private func perform(_ directives: [ReceivingClientStream.Directive], _ stream: StreamHandler) {
        for (index, directive) in directives.enumerated() {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .failed:
                self.failures += 1
                let rest = Array(directives[(index + 1)...])
                if self.delay(rest, stream) { return }
            case .needCredentials(let account, let hash): self.lookUp(account, hash, stream)
            case .hash(let hashing): self.hash(hashing, stream)
            case .ready(let account, let mechanism): self.handOver(account, mechanism, stream)
            case .deliver(let element): self.deliver(element, stream)
            case .refused(let error): stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    /// The more often an address fails, the longer it waits for the next answer; whether it waits at all.
    private func delay(_ rest: [ReceivingClientStream.Directive], _ stream: StreamHandler) -> Bool {
        guard let eventLoop = stream.channel?.eventLoop else { return false }
        let time = self.environment.guards.fail(stream.networkAddress, at: eventLoop.now)
        guard time > .zero else { return false }
        stream.hold(for: time) { self.perform(rest, stream) }
        return true
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

    private func hash(_ hashing: PasswordHashing, _ stream: StreamHandler) {
        guard let eventLoop = stream.channel?.eventLoop else { return }
        guard let salted = self.environment.hasher.perform(hashing, on: eventLoop) else {
            return self.perform(self.machine.credentialsAreUnavailable(), stream)
        }
        let bound = NIOLoopBound((self, stream), eventLoop: eventLoop)
        salted.whenComplete { result in
            let (role, stream) = bound.value
            switch result {
            case .success(let salted): role.perform(role.machine.receive(salted), stream)
            // The process ends.
            case .failure: role.perform(role.machine.credentialsAreUnavailable(), stream)
            }
            stream.flush()
        }
    }

    private func handOver(_ account: JID, _ mechanism: String, _ stream: StreamHandler) {
        guard let channel = stream.channel, let gate = stream.gate else { return }
        stream.limitRate(self.environment.limits.rates.rate(ofClient: account))
        let bound = NIOLoopBound(stream, eventLoop: channel.eventLoop)
        let queue = OutboundQueue(channel: channel, limits: self.environment.limits) {
            bound.value.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        // Whoever stops here would cost a connection without being any account's client.
        stream.becameAuthenticated(limits: self.environment.limits.client, queue: queue, isSettled: false)
        // The session may send at once: what was written so far goes first.
        stream.flush()
        let eventLoop = channel.eventLoop
        let client = ClientStream(
            id: self.streamID, account: account, mechanism: mechanism, remoteAddress: stream.remoteAddress,
            tls: self.tls, eventLoop: eventLoop, queue: queue, gate: gate,
            settling: { eventLoop.execute { bound.value.settled() } },
            closing: { error in eventLoop.execute { bound.value.close(error) } })
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
                let answer = reply.map { reply in
                    var reply = reply
                    reply.to = nil
                    return reply
                }
                session.delegate.received(malformed: answer, on: session.stream)
            }
        }
    }
}
