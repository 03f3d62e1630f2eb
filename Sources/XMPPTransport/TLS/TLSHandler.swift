import NIOCore

/// Encrypts a channel: ciphertext below, plaintext above.
///
/// Sits first in the pipeline, from the start (direct TLS, XEP-0368) or from STARTTLS on. Announces the end of the
/// handshake by `TLSEstablished`; a handshake that fails or takes longer than the limit closes the channel.
final class TLSHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Plaintext held back while the handshake is under way.
    static let pendingBytesLimit = 65_536

    private enum State {
        case handshaking
        case open
        case closed
    }

    private let session: TLSSession
    private let handshakeTimeout: TimeAmount
    private var state = State.handshaking
    private var deadline: Scheduled<Void>?
    private var pending = MarkedCircularBuffer<(ByteBuffer, EventLoopPromise<Void>?)>(initialCapacity: 4)
    private var pendingBytes = 0

    init(session: TLSSession, handshakeTimeout: TimeAmount) {
        self.session = session
        self.handshakeTimeout = handshakeTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        self.begin(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.finish(failing: ChannelError.ioOnClosedChannel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.finish(failing: ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.state != .closed else { return }
        self.session.receive(self.unwrapInboundIn(data))
        self.advance(context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let plaintext = self.unwrapOutboundIn(data)
        guard self.state != .closed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        guard self.state == .open || self.pendingBytes + plaintext.readableBytes <= Self.pendingBytesLimit
        else {
            promise?.fail(TLSError("more than \(Self.pendingBytesLimit) bytes written before TLS was up"))
            return
        }
        self.pendingBytes += plaintext.readableBytes
        self.pending.append((plaintext, promise))
    }

    func flush(context: ChannelHandlerContext) {
        self.pending.mark()
        self.encryptMarked(context)
        context.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .all, self.state != .closed {
            self.pending.mark()
            self.encryptMarked(context)
            self.session.close()
            self.sendCiphertext(context)
            self.finish(failing: ChannelError.ioOnClosedChannel)
        }
        context.close(mode: mode, promise: promise)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard self.state == .handshaking, self.deadline == nil else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.deadline = context.eventLoop.scheduleTask(in: self.handshakeTimeout) {
            let (handler, context) = bound.value
            guard handler.state == .handshaking else { return }
            handler.fail(TLSError("the TLS handshake took longer than \(handler.handshakeTimeout)"), context)
        }
        self.advance(context)
    }

    private func advance(_ context: ChannelHandlerContext) {
        do {
            if self.state == .handshaking {
                let progress = try self.session.handshake()
                self.sendCiphertext(context)
                switch progress {
                case .needsMore: return
                case .closedByPeer: throw TLSError("the peer closed during the TLS handshake")
                case .finished: break
                }
                self.state = .open
                self.deadline?.cancel()
                self.deadline = nil
                context.fireUserInboundEventTriggered(TLSEstablished(facts: self.session.facts()))
                self.encryptMarked(context)
                context.flush()
            }
            try self.deliver(context)
        } catch {
            self.fail(error, context)
        }
    }

    private func deliver(_ context: ChannelHandlerContext) throws {
        guard self.state == .open else { return }
        var plaintext = ByteBuffer()
        let progress = try self.session.decrypt(into: &plaintext)
        if plaintext.readableBytes > 0 {
            context.fireChannelRead(self.wrapInboundOut(plaintext))
        }
        // OpenSSL may have to answer a record by itself (a key update).
        self.sendCiphertext(context)
        if progress == .closedByPeer {
            self.close(context: context, mode: .all, promise: nil)
        }
    }

    /// Encrypts what was flushed and writes it in one piece.
    private func encryptMarked(_ context: ChannelHandlerContext) {
        guard self.state == .open else { return }
        var written: EventLoopPromise<Void>?
        while self.pending.hasMark {
            let (plaintext, promise) = self.pending.removeFirst()
            self.pendingBytes -= plaintext.readableBytes
            if let written, let promise { written.futureResult.cascade(to: promise) }
            written = written ?? promise
            do {
                try self.session.encrypt(plaintext)
            } catch {
                written?.fail(error)
                self.fail(error, context)
                return
            }
        }
        if let ciphertext = self.session.takeCiphertext() {
            context.write(self.wrapOutboundOut(ciphertext), promise: written)
        } else {
            written?.succeed()
        }
    }

    private func sendCiphertext(_ context: ChannelHandlerContext) {
        guard let ciphertext = self.session.takeCiphertext() else { return }
        context.writeAndFlush(self.wrapOutboundOut(ciphertext), promise: nil)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        guard self.state != .closed else { return }
        // The alert that says why is among the ciphertext.
        self.sendCiphertext(context)
        self.finish(failing: error)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func finish(failing error: any Error) {
        self.state = .closed
        self.deadline?.cancel()
        self.deadline = nil
        while let (_, promise) = self.pending.popFirst() {
            promise?.fail(error)
        }
        self.pendingBytes = 0
    }
}
