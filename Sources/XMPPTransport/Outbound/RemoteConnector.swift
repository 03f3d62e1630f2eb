import Logging
import NIOCore
import NIOPosix
import Synchronization
import XMPP

/// Reaches another server: finds its places, connects to the first that answers, and negotiates there.
final class RemoteConnector: Sendable {
    /// Places one attempt tries, at most.
    static let candidatesLimit = 16

    private let environment: StreamEnvironment
    private let resolver: Resolver
    private let refusals: Mutex<ExternalRefusals>
    /// Connections that are not yet in use; nil once nothing is to be reached any more.
    private let attempts = Mutex<[ObjectIdentifier: any Channel]?>([:])

    init(environment: StreamEnvironment, resolver: Resolver) {
        self.environment = environment
        self.resolver = resolver
        self.refusals = Mutex(
            ExternalRefusals(
                limit: environment.limits.externalRefusals, time: environment.limits.externalRefusalTime))
    }

    /// Ends what is being tried; nothing is tried after that.
    func shutDown() {
        let attempts = self.attempts.withLock { attempts in
            defer { attempts = nil }
            return attempts ?? [:]
        }
        for channel in attempts.values { channel.close(promise: nil) }
    }

    /// Ends the resolver's threads.
    func finish() async { await self.resolver.shutDown() }

    /// Tries the places of the lowest priority, then those of the next (RFC 2782); the error is that of the last.
    func reach(_ errand: RemoteErrand) async throws(RemoteStreamError) -> RemoteOutboundRole.Outcome {
        let remote = errand.pair.remote
        guard self.environment.remotePolicy.authentication(of: remote) != .blocked else { throw .blocked }
        var errand = errand
        if errand.purpose == .stanzas, self.remembersRefusal(of: errand.pair) {
            errand.purpose = .stanzasByDialback
        }
        var last = RemoteStreamError.notFound("\(remote) names no place to reach it at")
        let found = try await self.resolver.candidates(for: remote, asking: errand.asker)
        var rest = Array(found.prefix(Self.candidatesLimit))
        while !Task.isCancelled, let priority = rest.map(\.priority).min() {
            let group = rest.filter { $0.priority == priority }
            let winner: ConnectionRacer.Winner
            do {
                winner = try await self.connect(to: group)
            } catch {
                last = error
                rest.removeAll { $0.priority == priority }
                continue
            }
            let place = group[winner.index]
            let done = Set(winner.failed.map { group[$0] } + [place])
            rest.removeAll { done.contains($0) }
            do {
                return try await self.negotiate(errand, at: place, over: winner.channel)
            } catch {
                last = error
                guard self.mayTryDialback(errand, after: error) else { continue }
                errand.purpose = .stanzasByDialback
                rest.insert(place, at: 0)
            }
        }
        throw last
    }

    // MARK: Dialback in place of EXTERNAL

    private func remembersRefusal(of pair: DomainPair) -> Bool {
        self.environment.remotePolicy.allowsDialback(with: pair.remote)
            && self.refusals.withLock { $0.contains(pair, at: .now()) }
    }

    /// Whether the same place is to be tried again by dialback, on a new stream: it does not take our certificate.
    private func mayTryDialback(_ errand: RemoteErrand, after error: RemoteStreamError) -> Bool {
        guard case .negotiation(.externalRefused(let failure)) = error, errand.purpose == .stanzas,
            self.environment.remotePolicy.allowsDialback(with: errand.pair.remote)
        else { return false }
        self.refusals.withLock { $0.remember(errand.pair, at: .now()) }
        self.environment.logger.info(
            "another server does not take our certificate; trying dialback",
            metadata: [
                "domains": "\(errand.pair)", "condition": "\(failure.condition)",
                "reason": "\(LogText.escaped(failure.text ?? ""))",
            ])
        return true
    }
}

// MARK: Connections

extension RemoteConnector {
    private func connect(
        to group: [Candidate]
    ) async throws(RemoteStreamError) -> ConnectionRacer.Winner {
        let eventLoop = self.environment.group.next()
        let made = MadeChannels()
        do {
            return try await withTaskCancellationHandler {
                try await ConnectionRacer.run(
                    count: group.count, on: eventLoop, stagger: self.environment.limits.connectionStagger
                ) { index in
                    self.begin(group[index].route, on: eventLoop, noting: made)
                }.get()
            } onCancel: {
                made.close()
            }
        } catch let error as RemoteStreamError {
            throw error
        } catch {
            let route = group.last?.route ?? Route(host: "", port: 0)
            throw .unreachable(route, reason: "\(error)")
        }
    }

    private func begin(
        _ route: Route, on eventLoop: any EventLoop, noting all: MadeChannels
    ) -> ConnectionRacer.Attempt {
        let limits = self.environment.limits
        let made = MadeChannels()
        let channel = ClientBootstrap(group: eventLoop)
            .connectTimeout(limits.connectTime)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Nothing is read before there is somebody to read it.
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try self.register(channel)
                    try made.add(channel)
                    try all.add(channel)
                }
            }
            .connect(host: route.host, port: route.port)
        return ConnectionRacer.Attempt(channel: channel.hop(to: eventLoop)) { made.close() }
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

    private func negotiate(
        _ errand: RemoteErrand, at place: Candidate, over channel: any Channel
    ) async throws(RemoteStreamError) -> RemoteOutboundRole.Outcome {
        let outcome = channel.eventLoop.makePromise(of: RemoteOutboundRole.Outcome.self)
        defer { self.attempts.withLock { _ = $0?.removeValue(forKey: ObjectIdentifier(channel)) } }
        channel.eventLoop.submit { try self.set(up: channel, for: errand, at: place, outcome) }
            .whenFailure { error in
                outcome.fail(error)
                channel.close(promise: nil)
            }
        // Fails nothing if the role has said what came of it.
        channel.closeFuture.whenComplete { _ in
            outcome.fail(RemoteStreamError.ended(.lost(reason: "the peer closed the connection")))
        }
        do {
            return try await withTaskCancellationHandler {
                try await outcome.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch let error as RemoteStreamError {
            throw error
        } catch {
            throw .unreachable(place.route, reason: "\(error)")
        }
    }

    private func set(
        up channel: any Channel, for errand: RemoteErrand, at place: Candidate,
        _ outcome: EventLoopPromise<RemoteOutboundRole.Outcome>
    ) throws {
        let usesDirectTLS = place.route.security == .directTLS
        let role = RemoteOutboundRole(
            environment: self.environment, errand: errand, expectation: place.expectation,
            usesDirectTLS: usesDirectTLS, outcome: outcome)
        if usesDirectTLS {
            let tls = TLSHandler(
                session: try role.makeTLSSession(), handshakeTimeout: self.environment.limits.handshakeTime)
            try channel.pipeline.syncOperations.addHandler(tls)
        }
        let handler = StreamHandler(role: role, environment: self.environment, usesDirectTLS: usesDirectTLS)
        try channel.pipeline.syncOperations.addHandler(handler)
        // On a closed channel there is nothing left to read.
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
    }
}

/// The channels that one attempt, or several beside each other, have made: a name may stand for several addresses.
private final class MadeChannels: Sendable {
    /// Nil once they are closed, and then no more may be made.
    private let channels = Mutex<[any Channel]?>([])

    func add(_ channel: any Channel) throws {
        guard self.channels.withLock({ $0?.append(channel) }) != nil else { throw CancellationError() }
    }

    func close() {
        let channels = self.channels.withLock { channels in
            defer { channels = nil }
            return channels ?? []
        }
        for channel in channels { channel.close(promise: nil) }
    }
}
