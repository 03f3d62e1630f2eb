import CoreMetrics
import Cryptography
import NIOCore
import Synchronization
import XML
import XMPP

/// The shell of one connection of an attached link: drives the stream's negotiation, writes what the link releases.
final class AttachmentRole: StreamRole {
    /// Time between two looks at whether the server is still there.
    private static let checkPeriod = TimeAmount.seconds(5)

    let kind = TransportMetrics.Kind.attachment
    let contentNamespace: String

    private let link: AttachedLink
    private let environment: StreamEnvironment
    private let usesDirectTLS: Bool
    private let serverName: String
    private let end: EventLoopPromise<AttachmentEnd>
    private let eventLoop: any EventLoop
    private var negotiation: any AttachmentNegotiation
    private var random = SecureRandom()
    private var offersManagement = false
    private var queue: OutboundQueue?
    private var failure: AttachmentFailure?
    private var began: NIODeadline?
    /// What a former stream had under way goes before anything new.
    private var isReplaying = false
    private var nextRelease: Scheduled<Void>?
    private var check: RepeatedTask?

    init(
        link: AttachedLink, pinned: SASLMechanism?, usesDirectTLS: Bool,
        end: EventLoopPromise<AttachmentEnd>
    ) {
        self.link = link
        self.environment = link.environment
        self.usesDirectTLS = usesDirectTLS
        self.end = end
        self.eventLoop = end.futureResult.eventLoop
        self.contentNamespace = link.attachment.contentNamespace
        switch link.attachment {
        case .component(let component):
            self.serverName = component.host
            self.negotiation = InitiatingComponentStream(
                domain: component.domain, secret: component.secret, host: component.host)
        case .client(let client):
            self.serverName = CertificateStore.asciiForm(of: client.account.domain)
            self.negotiation = InitiatingClientStream(
                .init(
                    account: client.account, password: client.password, resource: client.resource,
                    allowsPlain: client.allowsPlain, pinned: pinned))
        }
    }

    func makeTLSSession() throws(TLSError) -> TLSSession {
        try TLSSession(
            store: self.environment.certificates,
            role: .client(
                .clientStreams, identity: nil, serverName: self.serverName,
                alpn: self.usesDirectTLS && self.contentNamespace == Namespace.client))
    }

    func headerForRefusal() -> StreamHeader? { nil }

    func started(on stream: StreamHandler) {
        self.perform(self.negotiation.start(), stream)
    }

    func established(_ facts: TLSFacts, on stream: StreamHandler) {
        self.perform(self.negotiation.established(facts), stream)
    }

    func received(_ header: StreamHeader, on stream: StreamHandler) {
        self.perform(self.negotiation.received(header), stream)
    }

    func received(_ element: Element, on stream: StreamHandler) {
        self.perform(self.negotiation.received(element, using: &self.random), stream)
    }

    func timedOut(on stream: StreamHandler) {
        self.perform(self.negotiation.timedOut(), stream)
    }

    func ended(_ end: StreamEnd) {
        self.nextRelease?.cancel()
        self.check?.cancel()
        self.queue = nil
        self.link.disconnected()
        self.end.succeed(
            AttachmentEnd(
                reason: self.failure.map(AttachmentEnd.Reason.failed) ?? .ended(end),
                lasting: self.began.map { .now() - $0 }))
    }
}

// MARK: Negotiation

extension AttachmentRole {
    private func perform(_ directives: [AttachmentDirective], _ stream: StreamHandler) {
        for directive in directives {
            switch directive {
            case .stream(let directive): stream.perform(directive)
            case .hash(let hashing): self.hash(hashing, stream)
            case .authenticated(let features): self.authenticated(features, stream)
            case .ready(let session): self.ready(session, stream)
            case .deliver(let element): self.deliver(element, stream)
            case .failed(let failure): self.failure = failure
            case .refused(let error):
                self.failure = .refused(error)
                stream.close(nil, end: .refusedByPeer(error))
            }
        }
    }

    private func hash(_ hashing: PasswordHashing, _ stream: StreamHandler) {
        guard let salted = self.environment.hasher.perform(hashing, on: self.eventLoop) else {
            // Like any other end of an attempt: it is tried again later.
            return stream.close(StreamError(.resourceConstraint, text: "too many passwords to hash"))
        }
        let bound = NIOLoopBound((self, stream), eventLoop: self.eventLoop)
        salted.whenSuccess { salted in
            let (role, stream) = bound.value
            guard stream.channel != nil else { return }
            role.perform(role.negotiation.receive(salted, using: &role.random), stream)
            stream.flush()
        }
    }

    private func authenticated(_ features: StreamFeatures, _ stream: StreamHandler) {
        self.offersManagement = features.offersStreamManagement
        let resume = self.link.core.withLock {
            $0.authenticated(offersManagement: self.offersManagement)
        }
        if let resume {
            stream.send(resume)
        } else {
            self.perform(self.negotiation.bind(), stream)
        }
    }

    /// Stanzas may be sent; a stream that was resumed needs no greeting.
    private func ready(_ session: AttachedSession, _ stream: StreamHandler) {
        guard let channel = stream.channel, self.queue == nil else { return }
        let eventLoop = self.eventLoop
        let bound = NIOLoopBound((self, stream), eventLoop: eventLoop)
        let queue = OutboundQueue(channel: channel, limits: self.environment.limits) {
            bound.value.1.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        stream.becameAuthenticated(limits: self.environment.limits.remote, queue: queue)
        stream.flush()
        self.queue = queue
        self.began = .now()
        let greeting = self.link.greeting
        let offersManagement = self.offersManagement
        let (isNew, first) = self.link.core.withLock { core in
            core.isUp
                ? (false, [])
                : (true, core.ready(offersManagement: offersManagement, greeting: greeting, at: .now()))
        }
        self.write(first)
        self.link.connected(
            session, isNew: isNew,
            handle: AttachedLink.Handle(
                wake: { eventLoop.execute { bound.value.0.release() } },
                close: { eventLoop.execute { bound.value.0.close(bound.value.1) } }))
        self.check = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.checkPeriod, delay: Self.checkPeriod
        ) { _ in
            let (role, stream) = bound.value
            role.checkServer(stream)
        }
        self.release()
    }
}

// MARK: A stream that is up

extension AttachmentRole {
    private func deliver(_ element: Element, _ stream: StreamHandler) {
        self.link.core.withLock { $0.heard(at: .now()) }
        if StreamManagementElement.matches(element) { return self.manage(element, stream) }
        guard element.namespace == self.contentNamespace else {
            return stream.close(StreamError(.unsupportedStanzaType))
        }
        self.link.core.withLock { $0.handled() }
        self.environment.metrics[self.kind].stanzas.increment()
        do {
            self.link.received(try Stanza(parsing: element))
        } catch {
            switch error {
            case .notAStanza: stream.close(StreamError(.unsupportedStanzaType))
            case .malformedSender: stream.close(StreamError(.invalidFrom))
            case .malformed(_, let reply):
                if let reply { self.link.reply(reply) }
            }
        }
        self.release()
    }

    private func manage(_ element: Element, _ stream: StreamHandler) {
        let consequences = self.link.core.withLock { $0.received(management: element, at: .now()) }
        self.isReplaying = true
        for consequence in consequences {
            switch consequence {
            case .write(let bytes): self.write([bytes])
            case .resumed: self.perform(self.negotiation.resumed(), stream)
            case .bind: self.perform(self.negotiation.bind(), stream)
            case .close(let error): stream.close(error)
            }
        }
        self.isReplaying = false
        self.release()
    }

    /// Writes what may be written, and comes back when more may.
    private func release() {
        guard self.queue != nil, !self.isReplaying else { return }
        let release = self.link.core.withLock { $0.release(at: .now()) }
        self.write(release.bytes)
        self.nextRelease?.cancel()
        self.nextRelease = nil
        guard let askAgain = release.askAgain else { return }
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.nextRelease = self.eventLoop.scheduleTask(deadline: askAgain) { bound.value.release() }
    }

    private func checkServer(_ stream: StreamHandler) {
        guard let bytes = self.link.core.withLock({ $0.check(at: .now()) }) else {
            return stream.close(
                StreamError(.connectionTimeout, text: "the server gives no sign of life"))
        }
        self.write(bytes)
        self.release()
    }

    /// Says goodbye, so that nothing is sent twice, and closes.
    private func close(_ stream: StreamHandler) {
        self.release()
        self.write(self.link.core.withLock { $0.farewell })
        stream.close(nil)
    }

    /// What overflows here closes the stream: the flight is bounded far below that.
    private func write(_ parts: [[UInt8]]) {
        for part in parts { _ = self.queue?.append(part) }
    }
}
