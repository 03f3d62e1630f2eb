import CoreMetrics
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import XML
package import XMPP

/// Speaks XMPP through somebody else's server, as its component or its client.
///
/// ```swift
/// let link = try AttachedLink(attachment, trust: .system, limits: .component, logger: logger)
/// link.attach(dispatcher)   // who handles what arrives
/// // link is a Service: it connects, and connects again when the connection is lost
/// ```
///
/// What is sent while there is no connection waits within limits. A request whose answer may have been lost with a
/// connection is sent again over the next one, with the same id: whoever performs it must know it by what it carries.
package final class AttachedLink: XMPPLink, Service {
    /// What the link does with the stream that is up.
    struct Handle: Sendable {
        let wake: @Sendable () -> Void
        let close: @Sendable () -> Void
    }

    struct State: Sendable {
        var handle: Handle?
        var pinned: SASLMechanism?
        /// What the server says it takes at most (XEP-0478), in bytes, as it said last.
        var longestStanza: Int?
        var fault: String? = "not connected yet"
        var isStopped = false
    }

    package let address: JID
    let attachment: Attachment
    let environment: StreamEnvironment
    /// Called with locks of its own only; `release` and its kin on the event loop of the stream.
    let core: Mutex<AttachmentCore>
    let limits: AttachmentLimits
    let resolver: Resolver
    let clock: any Clock<Duration>
    private let classify: @Sendable (Stanza) -> TrafficClass
    let remember: @Sendable (SASLMechanism) async throws -> Void
    private let desk: RequestDesk
    private let incoming: IncomingGuard
    let state: Mutex<State>
    /// How a stream was authenticated, when that is news; the last one is all that counts.
    let pins: AsyncStream<SASLMechanism>
    private let pinned: AsyncStream<SASLMechanism>.Continuation
    let delivery = Mutex<ServiceDelivery?>(nil)
    /// Says that there is a new stream, the first one included, which does not go on from the one before.
    ///
    /// What others keep for as long as a stream lasts is over then, such as being in a room. For one reader.
    package let renewals: AsyncStream<Void>
    private let renewed: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - pinned: how the client authenticated last time; nothing weaker is used again.
    ///   - remember: keeps that.
    ///   - classify: how a stanza is treated while it waits.
    package init(
        _ attachment: Attachment, trust: TrustAnchors, limits: AttachmentLimits,
        routes: [String: [Route]] = [:], pinned: SASLMechanism? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        clock: any Clock<Duration> = ContinuousClock(), metrics: TransportMetrics = TransportMetrics(),
        logger: Logger, classify: @escaping @Sendable (Stanza) -> TrafficClass = { _ in .command },
        remember: @escaping @Sendable (SASLMechanism) async throws -> Void = { _ in }
    ) throws {
        self.attachment = attachment
        self.address = attachment.address
        self.limits = limits
        self.environment = StreamEnvironment(
            domains: [], certificates: try CertificateStore(certificates: [:], trust: trust), secret: [],
            group: group, logger: logger, metrics: metrics)
        self.resolver = Resolver(routes: routes)
        self.classify = classify
        self.remember = remember
        self.clock = clock
        (self.pins, self.pinned) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (self.renewals, self.renewed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.desk = RequestDesk(limit: limits.requests, clock: clock)
        self.incoming = IncomingGuard(address: attachment.address, resource: attachment.resource)
        self.core = Mutex(
            AttachmentCore(
                contentNamespace: attachment.contentNamespace, limits: limits,
                markRoute: attachment.markRoute, now: .now()))
        self.state = Mutex(State(pinned: pinned))
        let delivery = ServiceDelivery(
            on: self,
            queues: SenderQueues(stanzasPerSender: limits.stanzasPerSender, senders: limits.senders))
        self.delivery.withLock { $0 = delivery }
    }

    /// Names who handles what arrives; once, before `run()`.
    package func attach(_ handler: any StanzaHandler) {
        self.delivery.withLock { $0 }?.attach(handler)
    }

    /// Why there is no connection, in a line for people; nil while there is one.
    package var fault: String? { self.state.withLock { $0.fault } }

    // MARK: XMPPLink

    package func send(_ stanza: Stanza) async throws {
        try self.offer(try self.stamped(stanza), self.classify(stanza))
    }

    package func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
        guard let peer = iq.to, iq.request != nil else {
            throw StanzaError(.badRequest, text: "a request needs an address and something asked")
        }
        let stamped = try self.stamped(.iq(iq))
        let traffic = self.classify(.iq(iq))
        let key = AttachmentItem.RequestKey(id: iq.id, peer: peer)
        return try await self.desk.request(iq, to: peer, timeout: timeout) { () throws(StanzaError) in
            try self.offer(stamped, traffic, request: key)
        } giveUp: {
            self.core.withLock { $0.forget(key) }
        }
    }

    private func offer(
        _ stanza: Stanza, _ traffic: TrafficClass, request: AttachmentItem.RequestKey? = nil
    ) throws(StanzaError) {
        let namespace = self.attachment.contentNamespace
        guard
            let bytes = StreamWriter.bytes(of: stanza.element(in: namespace), contentNamespace: namespace)
        else { throw StanzaError(.badRequest, text: "the stanza holds what XML cannot carry") }
        if let longest = self.state.withLock({ $0.longestStanza }), bytes.count > longest {
            throw Self.tooLong(bytes.count, longest)
        }
        try self.core.withLock { core throws(StanzaError) in
            try core.offer(bytes, traffic, request: request)
        }
        self.state.withLock { $0.handle }?.wake()
    }

    private static func tooLong(_ bytes: Int, _ longest: Int) -> StanzaError {
        StanzaError(.policyViolation, text: "\(bytes) bytes; the server takes \(longest) at most")
    }

    /// What waits and is longer than the server takes comes back: it would cost the stream.
    private func giveBack(longerThan longest: Int) {
        for item in self.core.withLock({ $0.remove(longerThan: longest) }) {
            let error = Self.tooLong(item.bytes.count, longest)
            guard let request = item.request else {
                self.environment.metrics.dropped.increment()
                self.environment.logger.notice(
                    "a stanza is not sent: the server takes none so long",
                    metadata: ["bytes": "\(item.bytes.count)", "longest": "\(longest)"])
                continue
            }
            _ = self.desk.take(IQ(to: nil, from: request.peer, id: request.id, body: .error(error)))
        }
    }

    /// The stanza with the `from` that the server expects: a component's own, and none of a client.
    private func stamped(_ stanza: Stanza) throws(StanzaError) -> Stanza {
        var stanza = stanza
        let from = stanza.from ?? self.address
        guard from.bare == self.address else {
            throw StanzaError(.notAllowed, text: "\(self.address) cannot send as \(from)")
        }
        switch self.attachment {
        case .component: stanza.from = from
        case .client: stanza.from = nil
        }
        return stanza
    }

    // MARK: What the stream says

    /// What a client says first: that it is there, before any other client of the account.
    var greeting: [[UInt8]] {
        guard case .client = self.attachment else { return [] }
        let priority = Element("priority", namespace: Namespace.client, text: "127")
        let presence = Stanza.presence(Presence(to: nil, payloads: [priority]))
        return StreamWriter.bytes(of: presence.element(), contentNamespace: Namespace.client).map {
            [$0]
        }
            ?? []
    }

    /// A stream is up; `isNew` unless it goes on from the one before (XEP-0198 §5).
    func connected(_ session: AttachedSession, isNew: Bool, handle: Handle) {
        let (isStopped, isNews) = self.state.withLock { state in
            state.handle = handle
            state.fault = nil
            state.longestStanza = session.limits.longestStanza
            defer { state.pinned = session.mechanism ?? state.pinned }
            return (state.isStopped, session.mechanism != state.pinned)
        }
        if isNews, let mechanism = session.mechanism { self.pinned.yield(mechanism) }
        if let longest = session.limits.longestStanza { self.giveBack(longerThan: longest) }
        self.environment.logger.notice(
            "attached to the XMPP server",
            metadata: [
                "address": "\(session.address)", "mechanism": "\(session.mechanism?.rawValue ?? "secret")",
            ])
        if isNew { self.renewed.yield() }
        if isStopped { handle.close() }
    }

    func disconnected() {
        self.state.withLock { $0.handle = nil }
        self.core.withLock { $0.disconnected() }
    }

    func received(_ stanza: Stanza) {
        let verdict = self.incoming.judge(stanza)
        switch verdict {
        case .deliver(let stanza): self.deliver(stanza)
        case .answer(let iq): self.take(iq)
        case .own(let id): _ = self.core.withLock { $0.returned(markID: id, at: .now()) }
        case .reply(let reply): self.reply(reply)
        case .drop(let reason):
            self.environment.logger.debug(
                "dropped a stanza",
                metadata: ["reason": "\(reason)", "from": "\(stanza.from?.description ?? "-")"])
        }
    }

    private func take(_ iq: IQ) {
        guard let peer = iq.from else { return }
        self.core.withLock { $0.forget(AttachmentItem.RequestKey(id: iq.id, peer: peer)) }
        if !self.desk.take(iq) {
            self.environment.logger.debug(
                "an answer that nobody waits for", metadata: ["id": "\(iq.id)", "from": "\(peer)"])
        }
    }

    private func deliver(_ stanza: Stanza) {
        guard self.delivery.withLock({ $0 })?.offer(stanza) != true else { return }
        let error = StanzaError(
            .resourceConstraint, text: "too much of yours is waiting already; try again later")
        if let reply = stanza.errorReply(error) { self.reply(reply) }
    }

    /// Sends what nobody waits for: if there is no room for it, it is dropped and counted.
    func reply(_ stanza: Stanza) {
        do throws(StanzaError) {
            try self.offer(try self.stamped(stanza), .command)
        } catch {
            self.environment.metrics.dropped.increment()
        }
    }
}
