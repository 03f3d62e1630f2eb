import CoreMetrics
import Cryptography
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
package import XMPP

/// The streams to other servers: one for each pair of a served and a remote domain, made when there is something to send.
///
/// Also asks authoritative servers about dialback keys, for the inbound streams. `send` may be called before `run()`;
/// what it queues is sent once the service runs.
package final class RemoteStreams: Service {
    private enum Command: Sendable {
        case connect(DomainPair)
        case verify(DomainPair, streamID: String, key: String, EventLoopPromise<DialbackVerdict>)
    }

    /// Places one attempt tries, at most.
    static let candidatesLimit = 16

    /// Streams that break one after the other without anything acknowledged, before the domain rests for a while.
    static let fruitlessLimit = 3

    let environment: StreamEnvironment
    let resolver: Resolver
    private let state: Mutex<RemoteStreamsState<OutboundRemoteStream>>
    private let receiver = Mutex<(any RemoteStanzaReceiver)?>(nil)
    private let commands: AsyncStream<Command>
    private let continuation: AsyncStream<Command>.Continuation
    /// Dialback keys that are being verified.
    private let verifications = Mutex(0)
    /// Connections that are not yet in use; nil once the service has ended.
    private let attempts = Mutex<[ObjectIdentifier: any Channel]?>([:])

    package init(environment: StreamEnvironment, resolver: Resolver) {
        self.environment = environment
        self.resolver = resolver
        self.state = Mutex(RemoteStreamsState(limits: environment.limits))
        // A pair is asked for once until the attempt is over, so the buffer holds every connect and every verify.
        (self.commands, self.continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(
                environment.limits.remotePairs + environment.limits.dialbackVerifications))
    }

    /// Names who is told about stanzas that could not be sent; once, before the service runs.
    package func attach(_ receiver: any RemoteStanzaReceiver) {
        self.receiver.withLock { $0 = receiver }
    }

    /// Queues a stanza for another server, without blocking; `from` must be of a served domain, `to` of another one.
    ///
    /// Throws at once if the queue is full (`resource-constraint`) or the domain is resting after failures
    /// (`remote-server-not-found`, `remote-server-timeout`). What fails later goes to `undeliverable` of the receiver.
    /// Stanzas of one pair arrive in the order of the calls.
    package func send(_ stanza: Stanza) throws(StanzaError) {
        guard let from = stanza.from, let to = stanza.to, self.environment.serves(from.domain),
            !self.environment.serves(to.domain)
        else { throw StanzaError(.internalServerError, text: "not a stanza from here to another server") }
        let pair = DomainPair(local: from.domain, remote: to.domain)
        while true {
            switch self.state.withLock({ $0.send(stanza, over: pair, at: .now()) }) {
            case .write(let stream, let id):
                if try stream.send(stanza) {
                    self.environment.metrics.remoteOutbound.stanzas.increment()
                    return
                }
                // It was closed by the peer or for being idle: the next turn of the loop has a new one made.
                self.state.withLock { $0.broke(pair, id: id) }
            case .wait: return
            case .connect:
                // The state allows one attempt for each pair, so the buffer has room.
                self.continuation.yield(.connect(pair))
                return
            case .refuse(let error): throw error
            }
        }
    }

    /// The stream on which stanzas of the pair go, if one is up.
    func stream(for pair: DomainPair) -> OutboundRemoteStream? {
        self.state.withLock { $0.stream(for: pair) }
    }

    /// For what nobody waits for: an error that cannot be sent is dropped and counted.
    func sendOrDrop(_ stanza: Stanza) {
        do {
            try self.send(stanza)
        } catch {
            self.environment.metrics.dropped.increment()
        }
    }

    /// Asks the authoritative server of `pair.remote`, on a connection of its own, whether it made the key.
    ///
    /// At most `TransportLimits.dialbackVerifications` at a time, whoever asks for them: strangers must not make this
    /// server open connections without end (XEP-0220 §3).
    func verify(
        _ pair: DomainPair, streamID: String, key: String, on eventLoop: any EventLoop
    ) -> EventLoopFuture<DialbackVerdict> {
        guard self.reserveVerification() else {
            return eventLoop.makeSucceededFuture(
                .error(StanzaError(.resourceConstraint, text: "too many keys are being verified; try again")))
        }
        let promise = eventLoop.makePromise(of: DialbackVerdict.self)
        promise.futureResult.whenComplete { _ in self.verifications.withLock { $0 -= 1 } }
        switch self.continuation.yield(.verify(pair, streamID: streamID, key: key, promise)) {
        case .enqueued: break
        case .dropped, .terminated: promise.succeed(.error(StanzaError(.resourceConstraint)))
        @unknown default: promise.succeed(.error(StanzaError(.internalServerError)))
        }
        return promise.futureResult
    }

    private func reserveVerification() -> Bool {
        self.verifications.withLock { count in
            guard count < self.environment.limits.dialbackVerifications else { return false }
            count += 1
            return true
        }
    }

    package func run() async throws {
        await withDiscardingTaskGroup { group in
            for await command in self.commands.cancelOnGracefulShutdown() {
                group.addTask { await self.perform(command) }
            }
            self.shutDown()
        }
        await self.resolver.shutDown()
    }

    private func shutDown() {
        self.continuation.finish()
        let (streams, undeliverable) = self.state.withLock { $0.close() }
        for stream in streams { stream.close(nil) }
        let attempts = self.attempts.withLock { attempts in
            defer { attempts = nil }
            return attempts ?? [:]
        }
        for channel in attempts.values { channel.close(promise: nil) }
        self.giveBack(undeliverable, StanzaError(.serviceUnavailable, text: "shutting down"))
    }

    private func giveBack(_ stanzas: [Stanza], _ error: StanzaError) {
        let receiver = self.receiver.withLock { $0 }
        for stanza in stanzas {
            if let receiver, !stanza.isAnswer {
                receiver.undeliverable(stanza, because: error)
            } else {
                self.environment.metrics.dropped.increment()
            }
        }
    }
}

// MARK: Attempts

extension RemoteStreams {
    private func perform(_ command: Command) async {
        switch command {
        case .connect(let pair): await self.connect(pair)
        case .verify(let pair, let streamID, let key, let promise):
            do {
                let purpose = InitiatingRemoteStream.Purpose.verification(streamID: streamID, key: key)
                switch try await self.tryCandidates(pair, purpose, self.makeManagement()) {
                case .verified(let verdict): promise.succeed(verdict)
                case .authenticated: promise.succeed(.error(StanzaError(.internalServerError)))
                }
            } catch {
                promise.succeed(.error(error.stanzaError(pair.remote)))
            }
        }
    }

    /// Makes a stream, and makes it again for as long as a broken connection leaves something to be sent.
    private func connect(_ pair: DomainPair) async {
        let management = self.makeManagement()
        var (acknowledged, fruitless) = (UInt32(0), 0)
        while let (stream, id) = await self.open(pair, management) {
            // An end with an error is an end.
            _ = try? await stream.ended.get()
            let hasUnacknowledged = management.unacknowledgedCount > 0
            let mustGoOn = self.state.withLock { state in
                state.broke(pair, id: id)
                return state.settle(pair, hasUnacknowledged: hasUnacknowledged)
            }
            guard mustGoOn else { break }
            // A server that takes streams and drops them must not keep us busy.
            fruitless = management.acknowledgedCount == acknowledged ? fruitless + 1 : 0
            acknowledged = management.acknowledgedCount
            guard fruitless < Self.fruitlessLimit else {
                self.failed(pair, .ended(.lost(reason: "every stream breaks at once")))
                break
            }
        }
        management.giveUp()
    }

    private func makeManagement() -> OutboundManagement {
        OutboundManagement(limits: self.environment.limits.remoteUnacknowledged) { stanzas in
            self.giveBack(
                stanzas,
                StanzaError(
                    .remoteServerTimeout,
                    text: "the stream broke before the other server said that it has this"))
        }
    }

    /// The stream, in use, and its number; nil if there is none, and then what waited has been given back.
    private func open(
        _ pair: DomainPair, _ management: OutboundManagement
    ) async -> (OutboundRemoteStream, id: Int)? {
        do {
            guard case .authenticated(let stream) = try await self.tryCandidates(pair, .stanzas, management)
            else { return nil }
            guard let id = self.established(pair, stream) else {
                stream.close(nil)
                return nil
            }
            self.environment.logger.info("a stream to another server is up", metadata: ["domains": "\(pair)"])
            return (stream, id)
        } catch {
            self.failed(pair, error)
            return nil
        }
    }

    private func failed(_ pair: DomainPair, _ error: RemoteStreamError) {
        var random = SecureRandom()
        let stanzaError = error.stanzaError(pair.remote)
        let failure = self.state.withLock { $0.failed(pair, stanzaError, at: .now(), using: &random) }
        self.environment.logger.notice(
            "another server cannot be reached",
            metadata: [
                "domains": "\(pair)", "reason": "\(stanzaError.text ?? "")",
                "retryInSeconds": "\(failure.retryIn.nanoseconds / 1_000_000_000)",
                "undeliverable": "\(failure.undeliverable.count)",
            ])
        self.giveBack(failure.undeliverable, stanzaError)
    }

    /// Puts the stream into use.
    ///
    /// What waited is written under the lock, so that nothing overtakes it.
    private func established(_ pair: DomainPair, _ stream: OutboundRemoteStream) -> Int? {
        var refused: [(Stanza, StanzaError)] = []
        let id = self.state.withLock { state -> Int? in
            guard let (waiting, id) = state.connected(pair, stream) else { return nil }
            for stanza in waiting {
                do throws(StanzaError) {
                    if try stream.send(stanza) { continue }
                    refused.append(
                        (stanza, StanzaError(.remoteServerTimeout, text: "the stream ended at once")))
                } catch {
                    refused.append((stanza, error))
                }
            }
            return id
        }
        for (stanza, error) in refused { self.giveBack([stanza], error) }
        return id
    }

    /// Tries one place after the other; the error is that of the last.
    private func tryCandidates(
        _ pair: DomainPair, _ purpose: InitiatingRemoteStream.Purpose, _ management: OutboundManagement
    ) async throws(RemoteStreamError) -> RemoteOutboundRole.Outcome {
        guard self.environment.remotePolicy.authentication(of: pair.remote) != .blocked else {
            throw .blocked
        }
        var last = RemoteStreamError.notFound("\(pair.remote) names no place to reach it at")
        let candidates = try await self.resolver.candidates(for: pair.remote)
        for route in candidates.prefix(Self.candidatesLimit).map(\.route) {
            do {
                return try await self.attempt(pair, purpose, route, management)
            } catch RemoteStreamError.negotiation(.externalRefused(let failure))
                where purpose == .stanzas && self.environment.remotePolicy.allowsDialback(with: pair.remote)
            {
                self.environment.logger.info(
                    "another server does not take our certificate; trying dialback",
                    metadata: ["domains": "\(pair)", "reason": "\(failure.condition)"])
                do {
                    return try await self.attempt(pair, .stanzasByDialback, route, management)
                } catch {
                    last = error
                }
            } catch {
                last = error
            }
        }
        throw last
    }

    private func attempt(
        _ pair: DomainPair, _ purpose: InitiatingRemoteStream.Purpose, _ route: Route,
        _ management: OutboundManagement
    ) async throws(RemoteStreamError) -> RemoteOutboundRole.Outcome {
        let eventLoop = self.environment.group.next()
        let outcome = eventLoop.makePromise(of: RemoteOutboundRole.Outcome.self)
        let channel: any Channel
        do {
            channel = try await self.bootstrap(
                pair, purpose, route, management, outcome, on: eventLoop
            )
            .connect(host: route.host, port: route.port).get()
        } catch {
            let error = RemoteStreamError.unreachable(route, reason: "\(error)")
            // Fails nothing if the role has done so.
            outcome.fail(error)
            throw error
        }
        defer { self.attempts.withLock { _ = $0?.removeValue(forKey: ObjectIdentifier(channel)) } }
        do {
            return try await outcome.futureResult.get()
        } catch let error as RemoteStreamError {
            throw error
        } catch {
            throw .unreachable(route, reason: "\(error)")
        }
    }

    /// Notes a connection that is being made, so that the end of the service ends it; refuses it after that.
    private func register(_ channel: any Channel) throws {
        let id = ObjectIdentifier(channel)
        let isRegistered = self.attempts.withLock { attempts in
            attempts?[id] = channel
            return attempts != nil
        }
        guard isRegistered else { throw RemoteStreamError.shuttingDown }
        channel.closeFuture.whenComplete { _ in self.attempts.withLock { _ = $0?.removeValue(forKey: id) } }
    }

    private func bootstrap(
        _ pair: DomainPair, _ purpose: InitiatingRemoteStream.Purpose, _ route: Route,
        _ management: OutboundManagement, _ outcome: EventLoopPromise<RemoteOutboundRole.Outcome>,
        on eventLoop: any EventLoop
    ) -> ClientBootstrap {
        let environment = self.environment
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(environment.limits.connectTime)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.register(channel)
                    let usesDirectTLS = route.security == .directTLS
                    let role = RemoteOutboundRole(
                        environment: environment, pair: pair, purpose: purpose, usesDirectTLS: usesDirectTLS,
                        management: management, outcome: outcome)
                    if usesDirectTLS {
                        let tls = TLSHandler(
                            session: try role.makeTLSSession(),
                            handshakeTimeout: environment.limits.handshakeTime)
                        try channel.pipeline.syncOperations.addHandler(tls)
                    }
                    let handler = StreamHandler(
                        role: role, environment: environment, usesDirectTLS: usesDirectTLS)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
    }
}
