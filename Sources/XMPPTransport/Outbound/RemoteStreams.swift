import CoreMetrics
import Cryptography
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
package import XMPP

/// The streams to other servers: one for each pair of a served and a remote domain, made when there is something to send.
///
/// Also asks authoritative servers about dialback keys, for the inbound streams. `send` may be called before `run()`;
/// what it queues is sent once the service runs.
package final class RemoteStreams: Service {
    private enum Command: Sendable {
        case connect(DomainPair, Resolver.Asker)
        case verify(DomainPair, streamID: String, key: String, DialbackVerification)
    }

    /// Streams that break one after the other without anything acknowledged, before the domain rests for a while.
    static let fruitlessLimit = 3

    let environment: StreamEnvironment
    let resolver: Resolver
    private let connector: RemoteConnector
    private let state: Mutex<RemoteStreamsState<OutboundRemoteStream>>
    private let receiver = Mutex<(any RemoteStanzaReceiver)?>(nil)
    private let commands: AsyncStream<Command>
    private let continuation: AsyncStream<Command>.Continuation
    /// Dialback keys that are being verified, by the address of whoever showed them.
    private let verifications = Mutex<[NetworkAddress: Int]>([:])

    package init(environment: StreamEnvironment, resolver: Resolver) {
        self.environment = environment
        self.resolver = resolver
        self.connector = RemoteConnector(environment: environment, resolver: resolver)
        self.state = Mutex(
            RemoteStreamsState(limits: environment.limits, domains: environment.domains))
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
    /// Throws at once if the queue is full or the sender has too many other servers (`resource-constraint`), or the domain is resting after failures
    /// (`remote-server-not-found`, `remote-server-timeout`). What fails later goes to `undeliverable` of the receiver.
    /// Stanzas of one pair arrive in the order of the calls.
    package func send(_ stanza: Stanza) throws(StanzaError) {
        guard let from = stanza.from, let to = stanza.to, self.environment.serves(from.domain),
            !self.environment.serves(to.domain)
        else { throw StanzaError(.internalServerError, text: "not a stanza from here to another server") }
        let pair = DomainPair(local: from.domain, remote: to.domain)
        while true {
            let outcome = self.state.withLock { state in
                state.send(stanza, over: pair, at: .now()) { StreamWriter.length(of: stanza) }
            }
            switch outcome {
            case .write(let stream, let id):
                if try stream.send(stanza) {
                    self.environment.metrics.remoteOutbound.stanzas.increment()
                    return
                }
                // It was closed by the peer or for being idle: the next turn of the loop has a new one made.
                self.state.withLock { $0.broke(pair, id: id) }
            case .wait: return
            case .connect(let asker):
                // The state allows one attempt for each pair, so the buffer has room.
                self.continuation.yield(.connect(pair, asker))
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
    /// At most `TransportLimits.dialbackVerifications` at a time, and fewer for one address: strangers must not make this
    /// server open connections without end (XEP-0220 §3). Whoever does not want to know any more gives it up.
    func verify(
        _ pair: DomainPair, streamID: String, key: String, shownBy address: NetworkAddress,
        on eventLoop: any EventLoop
    ) -> DialbackVerification {
        let verification = DialbackVerification(on: eventLoop)
        guard self.reserveVerification(for: address) else {
            verification.end(
                .error(StanzaError(.resourceConstraint, text: "too many keys are being verified; try again")))
            return verification
        }
        verification.verdict.whenComplete { _ in
            self.verifications.withLock { counts in
                let rest = counts[address, default: 1] - 1
                counts[address] = rest > 0 ? rest : nil
            }
        }
        switch self.continuation.yield(.verify(pair, streamID: streamID, key: key, verification)) {
        case .enqueued: break
        case .dropped, .terminated: verification.end(.error(StanzaError(.resourceConstraint)))
        @unknown default: verification.end(.error(StanzaError(.internalServerError)))
        }
        return verification
    }

    /// Keys that are being verified.
    var verificationCount: Int { self.verifications.withLock { $0.values.reduce(0, +) } }

    private func reserveVerification(for address: NetworkAddress) -> Bool {
        let limits = self.environment.limits
        return self.verifications.withLock { counts in
            guard counts.values.reduce(0, +) < limits.dialbackVerifications,
                counts[address, default: 0] < limits.dialbackVerificationsPerAddress
            else { return false }
            counts[address, default: 0] += 1
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
        await self.connector.finish()
    }

    private func shutDown() {
        self.continuation.finish()
        let (streams, undeliverable) = self.state.withLock { $0.close() }
        for stream in streams { stream.close(nil) }
        self.connector.shutDown()
        self.giveBack(undeliverable, StanzaError(.serviceUnavailable, text: "shutting down"))
    }

    /// Stanzas that will not arrive: their senders are told.
    func giveBack(_ stanzas: [Stanza], _ error: StanzaError) {
        let receiver = self.receiver.withLock { $0 }
        for stanza in stanzas {
            if let receiver, !stanza.isAnswer {
                receiver.undeliverable(stanza, because: error)
            } else {
                self.environment.metrics.dropped.increment()
            }
        }
    }

    /// Stanzas that were sent on a stream that does not go on: they may have arrived or not.
    func giveBack(unacknowledged stanzas: [Stanza]) {
        self.giveBack(
            stanzas,
            StanzaError(
                .remoteServerTimeout,
                text: "the stream broke before the other server said that it has this"))
    }
}

// MARK: Attempts

extension RemoteStreams {
    private func perform(_ command: Command) async {
        switch command {
        case .connect(let pair, let asker): await self.connect(pair, for: asker)
        case .verify(let pair, let streamID, let key, let verification):
            let purpose = InitiatingRemoteStream.Purpose.verification(streamID: streamID, key: key)
            let errand = self.errand(pair, purpose, self.makeManagement(), for: .strangers)
            verification.end(await self.verdict(on: errand, until: verification))
        }
    }

    /// What the authoritative server says, or that it says nothing in time or before nobody wants to know any more.
    private func verdict(
        on errand: RemoteErrand, until verification: DialbackVerification
    ) async -> DialbackVerdict {
        let time = self.environment.limits.dialbackVerificationTime
        return await withTaskGroup(of: DialbackVerdict?.self) { group in
            group.addTask {
                // Ends early when the answer is there.
                try? await ContinuousClock().sleep(for: .nanoseconds(time.nanoseconds))
                return nil
            }
            group.addTask {
                await verification.waitUntilGivenUp()
                return nil
            }
            group.addTask {
                do throws(RemoteStreamError) {
                    switch try await self.connector.reach(errand) {
                    case .verified(let verdict): return verdict
                    case .authenticated: return .error(StanzaError(.internalServerError))
                    }
                } catch {
                    return .error(error.stanzaError(errand.pair.remote))
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .error(RemoteStreamError.timedOut.stanzaError(errand.pair.remote))
        }
    }

    /// Makes a stream, and makes it again for as long as a broken connection may leave something to be sent, by either side.
    private func connect(_ pair: DomainPair, for asker: Resolver.Asker) async {
        let management = self.makeManagement()
        var (acknowledged, fruitless) = (UInt32(0), 0)
        while let (stream, id) = await self.open(pair, management, for: asker) {
            // An end with an error is an end.
            _ = try? await stream.ended.get()
            let isUnfinished = management.isUnfinished
            let mustGoOn = self.state.withLock { state in
                state.broke(pair, id: id)
                return state.settle(pair, isUnfinished: isUnfinished)
            }
            guard mustGoOn else { break }
            // A server that takes streams and drops them must not keep us busy, whatever it sends on them.
            fruitless = management.acknowledgedCount == acknowledged ? fruitless + 1 : 0
            acknowledged = management.acknowledgedCount
            guard fruitless < Self.fruitlessLimit else {
                self.failed(pair, .ended(.lost(reason: "every stream breaks at once")), management)
                break
            }
        }
        management.giveUp()
    }

    private func errand(
        _ pair: DomainPair, _ purpose: InitiatingRemoteStream.Purpose, _ management: OutboundManagement,
        for asker: Resolver.Asker
    ) -> RemoteErrand {
        RemoteErrand(
            pair: pair, purpose: purpose, asker: asker, management: management,
            receiver: self.receiver.withLock { $0 })
    }

    private func makeManagement() -> OutboundManagement {
        OutboundManagement(limits: self.environment.limits.remoteUnacknowledged) { stanzas in
            self.giveBack(unacknowledged: stanzas)
        }
    }

    /// The stream, in use, and its number; nil if there is none, and then what waited has been given back.
    private func open(
        _ pair: DomainPair, _ management: OutboundManagement, for asker: Resolver.Asker
    ) async -> (OutboundRemoteStream, id: Int)? {
        do {
            let errand = self.errand(pair, .stanzas, management, for: asker)
            guard case .authenticated(let stream) = try await self.connector.reach(errand) else {
                return nil
            }
            guard let id = self.established(pair, stream) else {
                stream.close(nil)
                return nil
            }
            self.environment.logger.info("a stream to another server is up", metadata: ["domains": "\(pair)"])
            return (stream, id)
        } catch {
            self.failed(pair, error, management)
            return nil
        }
    }

    private func failed(_ pair: DomainPair, _ error: RemoteStreamError, _ management: OutboundManagement) {
        var random = SecureRandom()
        let stanzaError = error.stanzaError(pair.remote)
        let hasUnacknowledged = management.unacknowledgedCount > 0
        let failure = self.state.withLock { state in
            state.failed(
                pair, stanzaError, hasUnacknowledged: hasUnacknowledged, at: .now(), using: &random)
        }
        self.environment.logger.notice(
            "another server cannot be reached",
            metadata: [
                "domains": "\(pair)", "reason": "\(error.reason)",
                "retryInSeconds": "\(failure.retryIn.nanoseconds / 1_000_000_000)",
                "undeliverable": "\(failure.undeliverable.count)",
            ])
        let way = self.state.withLock { $0.wayBack(of: pair) }
        let rest = failure.undeliverable.filter { !self.goes($0, by: way) }
        self.giveBack(rest, stanzaError)
    }

    /// Whether the stanza goes by a stream that the other side has opened meanwhile.
    private func goes(_ stanza: Stanza, by way: OutboundRemoteStream?) -> Bool {
        guard let way else { return false }
        do {
            return try way.send(stanza)
        } catch {
            return false
        }
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
}

// MARK: Streams that others have opened (XEP-0288)

extension RemoteStreams {
    /// A remote domain has proved itself on a stream of its own.
    func visited(_ domain: String) { self.state.withLock { $0.visited(domain) } }

    /// That stream is over.
    func left(_ domain: String) { self.state.withLock { $0.left(domain) } }

    /// By how many streams a remote domain has proved itself that are still there.
    func visitCount(of domain: String) -> Int { self.state.withLock { $0.visitCount(of: domain) } }

    /// The other side takes stanzas of the pair on its own stream; the number by which that ends.
    func opened(_ pair: DomainPair, _ stream: OutboundRemoteStream) -> Int? {
        self.state.withLock { $0.returning(pair, stream) }
    }

    func returnEnded(_ pair: DomainPair, id: Int) {
        self.state.withLock { $0.returnEnded(pair, id: id) }
    }

    /// Whether stanzas of the pair could go by a stream that the other side has opened.
    func hasWayBack(for pair: DomainPair) -> Bool {
        self.state.withLock { $0.wayBack(of: pair) != nil }
    }
}
