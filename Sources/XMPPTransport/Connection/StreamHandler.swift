import CoreMetrics
import Logging
import NIOCore
import XML
import XMPP

/// The top of every pipeline: bytes to elements for its role, and the role's directives to bytes.
///
/// Below it sits, from the start or from STARTTLS on, a `TLSHandler`. Writes are gathered and flushed once per read.
final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a peer gets to take note of an error and close by itself.
    static let closingTime = TimeAmount.seconds(2)

    /// Why this side counts the connection as broken.
    private struct Loss: Error, CustomStringConvertible {
        let description: String
    }

    private enum State {
        case idle
        case open
        /// Everything was said; what still arrives is dropped.
        case closing
        case closed
    }

    let environment: StreamEnvironment
    private let role: any StreamRole
    private let parser: XMLStreamParser
    private let usesDirectTLS: Bool
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private var pendingWrites = ByteBuffer()
    private var hasSentHeader = false
    private var hasSentSinceTick = false
    private var hasEnded = false
    private var error: (any Error)?
    /// As it was while the connection was up.
    private var peerAddress: SocketAddress?
    private var isSettled = false
    private var isRefusalLogged = false
    private var deadline: Scheduled<Void>?
    private var keepalive: RepeatedTask?
    private var queue: OutboundQueue?
    private var readGate: ReadGate?
    private var isHeld = false
    private var isHandshaking = false
    private var bucket: ReadBucket?
    private var isOverdrawn = false
    private var heardAt = NIODeadline.distantPast
    private var hasAnswered = true
    /// When the last bytes came that begin a stanza, if it is not finished.
    private var unfinishedSince: NIODeadline?

    init(role: any StreamRole, environment: StreamEnvironment, usesDirectTLS: Bool) {
        self.role = role
        self.environment = environment
        self.usesDirectTLS = usesDirectTLS
        self.parser = XMLStreamParser(limits: environment.limits.unauthenticated)
    }

    /// Takes its place on top of `channel`, with TLS below if that comes from the first byte (XEP-0368).
    func join(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        if self.usesDirectTLS { try pipeline.addHandler(self.makeTLSHandler()) }
        try pipeline.addHandler(self)
    }

    private func makeTLSHandler() throws(TLSError) -> TLSHandler {
        TLSHandler(
            session: try self.role.makeTLSSession(),
            handshakeTimeout: self.environment.limits.handshakeTime)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.parser.pool = self.environment.parsers.pool(on: context.eventLoop)
        if context.channel.isActive { self.begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard self.state == .idle else { return }
        self.state = .open
        self.peerAddress = context.channel.remoteAddress
        if self.usesDirectTLS, !self.beginHandshake(context) { return }
        self.limitRate(self.role.kind.firstRate(in: self.environment.limits.rates))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.deadline = context.eventLoop.scheduleTask(in: self.environment.limits.authenticationTime) {
            let stream = bound.value
            stream.role.timedOut(on: stream)
            stream.flush()
        }
        if !self.usesDirectTLS { self.role.started(on: self) }
        self.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.state == .open else { return }
        let bytes = self.unwrapInboundIn(data)
        self.environment.metrics[self.role.kind].bytes.increment(by: bytes.readableBytes)
        self.heardAt = context.eventLoop.now
        self.hasAnswered = true
        self.spend(bytes.readableBytes, context)
        self.parser.feed(bytes.readableBytesSpan)
        self.parse()
    }

    private func parse() {
        do {
            while self.state == .open, !self.isHeld, let event = try self.parser.next() {
                self.handle(event)
            }
        } catch {
            let condition = StreamError.Condition(rawValue: error.streamErrorCondition) ?? .badFormat
            self.close(StreamError(condition, text: error.description))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.flush()
        self.parser.rest()
        if self.parser.isResting {
            self.unfinishedSince = nil
        } else if self.unfinishedSince == nil {
            self.unfinishedSince = context.eventLoop.now
        }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let established = event as? TLSEstablished else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        self.endHandshake()
        guard self.state == .open else { return }
        self.parser.reset()
        self.hasSentHeader = false
        self.role.established(established.facts, on: self)
        if self.usesDirectTLS { self.role.started(on: self) }
        self.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.queue?.becameWritable() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.error = self.error ?? error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let reason = self.error.map { "\($0)" } ?? "the peer closed the connection"
        self.finish(.lost(reason: reason))
        self.state = .closed
        self.endHandshake()
        self.deadline?.cancel()
        self.context = nil
        context.fireChannelInactive()
    }

    private func handle(_ event: XMLEvent) {
        switch event {
        case .opened(let root):
            do {
                let header = try StreamHeader(parsing: root, declarations: self.parser.rootDeclarations)
                self.role.received(header, on: self)
            } catch {
                self.close(error)
            }
        case .element(let element):
            self.unfinishedSince = nil
            self.role.received(element, on: self)
        case .closed: self.close(nil, end: .closedByPeer)
        }
    }
}

// MARK: For the role

extension StreamHandler {
    var channel: (any Channel)? { self.context?.channel }

    var remoteAddress: String { self.peerAddress?.ipAddress ?? "unknown" }

    func perform(_ directive: StreamDirective) {
        guard self.state == .open else { return }
        switch directive {
        case .sendHeader(let header): self.send(header)
        case .send(let element): self.send(element)
        case .startTLS: self.startTLS()
        case .restart:
            self.parser.reset()
            self.hasSentHeader = false
        case .close(let error): self.close(error)
        }
    }

    /// Raises the limits of an authenticated peer and begins to keep the stream alive; its time to authenticate ends unless
    /// more is to be done in it, and then `settled()` must follow.
    ///
    /// Of a stream that is ending already nothing changes: a dialback verdict may come late.
    func becameAuthenticated(limits: XMLLimits, queue: OutboundQueue?, isSettled: Bool = true) {
        guard self.state == .open else { return }
        self.parser.limits = limits
        if isSettled { self.settled() }
        self.queue = queue
        guard let context, self.keepalive == nil else { return }
        self.heardAt = context.eventLoop.now
        self.environment.metrics[self.role.kind].streams.increment()
        let period = self.environment.limits.keepalive
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.keepalive = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            bound.value.keepAlive()
        }
    }

    /// The peer has done what it came for: its time to get there is over.
    func settled() {
        guard self.state == .open else { return }
        self.isSettled = true
        self.deadline?.cancel()
        self.deadline = nil
    }

    private func keepAlive() {
        guard self.state == .open, let context else { return }
        let stanzaTime = self.environment.limits.stanzaTime
        if let begun = self.unfinishedSince, context.eventLoop.now - begun >= stanzaTime {
            return self.close(
                StreamError(.connectionTimeout, text: "a stanza was begun long ago and is not finished"))
        }
        if let limit = self.role.longestSilence, context.eventLoop.now - self.heardAt >= limit {
            self.noticeSilence()
            guard self.state == .open else { return }
        }
        let isQuiet = !self.hasSentSinceTick && self.queue?.hasWrittenSinceLastAsked() != true
        if isQuiet, context.channel.isWritable {
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: " ")), promise: nil)
        }
        self.hasSentSinceTick = false
    }

    func send(_ element: Element) {
        guard let bytes = StreamWriter.bytes(of: element, contentNamespace: self.role.contentNamespace) else {
            self.close(StreamError(.internalServerError))
            return
        }
        self.pendingWrites.writeBytes(bytes)
    }

    private func send(_ header: StreamHeader) {
        guard let bytes = StreamWriter.bytes(of: header) else {
            self.close(StreamError(.internalServerError))
            return
        }
        self.hasSentHeader = true
        self.pendingWrites.writeBytes(bytes)
    }

    func flush() {
        guard self.pendingWrites.readableBytes > 0, let context else { return }
        guard context.channel.isWritable else { return self.flushLater(context) }
        let bytes = self.pendingWrites
        self.pendingWrites = ByteBuffer()
        self.hasSentSinceTick = true
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
    }

    /// The peer has enough to read already.
    private func flushLater(_ context: ChannelHandlerContext) {
        guard let queue = self.queue else {
            // Only negotiation writes here, and little: a peer that leaves so much unread shall not cost more.
            self.error = self.error ?? StreamError(.resourceConstraint, text: "too much waits to be read")
            context.close(promise: nil)
            return
        }
        // Behind the stanzas that fill the line, and within the limits that hold for them.
        _ = queue.append(Array(self.pendingWrites.readableBytesView))
        self.pendingWrites = ByteBuffer()
    }

    /// The connection counts as broken: what is kept for the peer is kept for the next one.
    func lose(_ reason: String) {
        self.error = self.error ?? Loss(description: reason)
        self.context?.close(promise: nil)
    }

    private func startTLS() {
        guard let context else { return }
        self.flush()
        guard self.beginHandshake(context) else { return }
        self.parser.reset()
        do {
            try context.pipeline.syncOperations.addHandler(self.makeTLSHandler(), position: .first)
        } catch {
            self.error = error
            context.close(promise: nil)
        }
    }

    /// Ends the stream: what is queued, the error, the closing tag; then the connection.
    func close(_ error: StreamError?, end: StreamEnd? = nil) {
        guard self.state == .open, let context else { return }
        if !self.hasSentHeader, let header = self.role.headerForRefusal() { self.send(header) }
        guard self.state == .open else { return }
        self.state = .closing
        if var queued = self.queue?.close() { self.pendingWrites.writeBuffer(&queued) }
        if let error, self.hasSentHeader { self.send(error.element) }
        if self.hasSentHeader { self.pendingWrites.writeBytes(StreamWriter.end) }
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(self.wrapOutboundOut(self.pendingWrites), promise: promise)
        self.pendingWrites = ByteBuffer()
        // Before the connection can be closed, which would say that it was lost.
        self.finish(end ?? .closedHere(error))
        self.closeConnection(after: promise.futureResult, waitsForPeer: end != .closedByPeer, context)
    }

    /// Lets the peer close first: closing with unread bytes would reset the connection and lose the error.
    private func closeConnection(
        after written: EventLoopFuture<Void>, waitsForPeer: Bool, _ context: ChannelHandlerContext
    ) {
        let channel = context.channel
        self.deadline?.cancel()
        self.deadline = context.eventLoop.scheduleTask(in: Self.closingTime) { channel.close(promise: nil) }
        guard !waitsForPeer else { return }
        written.whenComplete { _ in channel.close(promise: nil) }
    }

    private func finish(_ end: StreamEnd) {
        self.keepalive?.cancel()
        self.keepalive = nil
        self.bucket = nil
        guard !self.hasEnded else { return }
        self.hasEnded = true
        _ = self.queue?.close()
        self.logRefusal(at: end)
        self.role.ended(end)
    }
}

// MARK: Holding back

extension StreamHandler {
    /// The one gate of the connection, for all who hold the peer back.
    ///
    /// Nil once the connection is gone.
    var gate: ReadGate? {
        if self.readGate == nil { self.readGate = self.context.map { ReadGate($0.channel) } }
        return self.readGate
    }

    /// Whom the connection comes from, as far as limits are concerned.
    var networkAddress: NetworkAddress { NetworkAddress(self.peerAddress) }

    /// Handles nothing from the peer for a while, and then calls `body` first.
    func hold(for time: TimeAmount, then body: @escaping () -> Void) {
        guard self.state == .open, !self.isHeld, let context else { return }
        self.isHeld = true
        self.gate?.pause()
        let bound = NIOLoopBound((self, body), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: time) {
            let (stream, body) = bound.value
            stream.isHeld = false
            stream.gate?.resume()
            guard stream.state == .open else { return }
            body()
            stream.parse()
            stream.flush()
        }
    }

    /// From now on the peer may send so fast; nil for as fast as it can.
    func limitRate(_ limit: RateLimit?) {
        guard let context else { return }
        self.bucket = limit.map { ReadBucket($0, at: context.eventLoop.now) }
    }

    private func spend(_ bytes: Int, _ context: ChannelHandlerContext) {
        self.bucket?.take(bytes, at: context.eventLoop.now)
        guard !self.isOverdrawn, let wait = self.bucket?.wait(at: context.eventLoop.now) else { return }
        self.isOverdrawn = true
        self.gate?.pause()
        self.refill(after: wait, context.eventLoop)
    }

    private func refill(after wait: TimeAmount, _ eventLoop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: wait) {
            let stream = bound.value
            // What was under way when reading stopped may have come meanwhile.
            if let wait = stream.bucket?.wait(at: bound.eventLoop.now) {
                stream.refill(after: wait, bound.eventLoop)
            } else {
                stream.isOverdrawn = false
                stream.gate?.resume()
            }
        }
    }

    /// Whether a handshake with a peer that connected to us may begin; if not, the connection is closed.
    private func beginHandshake(_ context: ChannelHandlerContext) -> Bool {
        switch self.role.kind {
        case .remoteOutbound, .attachment: return true
        case .client, .remoteInbound, .component: break
        }
        guard self.environment.guards.beginHandshake() else {
            self.error =
                self.error
                ?? StreamError(.resourceConstraint, text: "too many TLS handshakes are under way")
            context.close(promise: nil)
            return false
        }
        self.isHandshaking = true
        return true
    }

    private func endHandshake() {
        guard self.isHandshaking else { return }
        self.isHandshaking = false
        self.environment.guards.endHandshake()
    }

    private func noticeSilence() {
        if self.role.silent(on: self) { self.expectAnswer() }
    }

    /// A peer that was just asked something, and then says nothing at all for its time, is gone.
    func expectAnswer() {
        guard self.state == .open, self.deadline == nil, let context else { return }
        self.hasAnswered = false
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.deadline = context.eventLoop.scheduleTask(in: self.environment.limits.clientAnswer) {
            let stream = bound.value
            guard stream.state == .open else { return }
            stream.deadline = nil
            guard !stream.hasAnswered else { return }
            stream.role.unanswered(on: stream)
        }
    }
}

// MARK: The log

extension StreamHandler {
    private func logRefusal(at end: StreamEnd) {
        switch self.role.kind {
        // Whoever connects elsewhere says itself what came of it.
        case .remoteOutbound, .attachment: return
        case .client, .remoteInbound, .component: break
        }
        let refusal = StreamRefusal(
            end, because: self.error, isSettled: self.isSettled,
            isStanzaUnfinished: self.unfinishedSince != nil, failure: self.role.failure)
        if let refusal { self.log(refusal) }
    }

    /// Says in the log that the peer is turned away: once for each stream, and not for each of a flood.
    func log(_ refusal: StreamRefusal) {
        guard !self.isRefusalLogged, let context else { return }
        self.isRefusalLogged = true
        self.environment.log(
            refusal, of: self.role.kind, from: self.peerAddress, at: context.eventLoop.now)
    }
}

extension TransportMetrics.Kind {
    /// What holds until the peer has authenticated.
    fileprivate func firstRate(in rates: RatePolicy) -> RateLimit? {
        switch self {
        case .client: rates.clients
        case .remoteInbound, .component: rates.remotes
        case .remoteOutbound, .attachment: nil
        }
    }
}
