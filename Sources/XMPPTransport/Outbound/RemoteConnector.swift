import Logging
import NIOCore
import Synchronization
import XMPP

/// Reaches another server: finds its places, connects to the first that answers, and negotiates there.
final class RemoteConnector: Sendable {
    private let environment: StreamEnvironment
    private let resolver: Resolver
    private let refusals: Mutex<ExternalRefusals>
    private let attempts = PendingChannels()

    init(environment: StreamEnvironment, resolver: Resolver) {
        self.environment = environment
        self.resolver = resolver
        self.refusals = Mutex(
            ExternalRefusals(
                limit: environment.limits.externalRefusals, time: environment.limits.externalRefusalTime))
    }

    /// Ends what is being tried; nothing is tried after that.
    func shutDown() { self.attempts.close() }

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
        var rounds = PlaceRounds(
            try await self.resolver.candidates(for: remote, asking: errand.asker))
        while !Task.isCancelled, case let round = rounds.round, !round.isEmpty {
            let winner: ConnectionRacer.Winner
            do {
                winner = try await self.connect(to: round)
            } catch {
                last = error
                rounds.lost(round)
                continue
            }
            let place = rounds.connected(winner, in: round)
            do {
                return try await self.negotiate(errand, at: place, over: winner.channel)
            } catch {
                last = error
                guard self.mayTryDialback(errand, after: error) else { continue }
                errand.purpose = .stanzasByDialback
                rounds.tryAgain(place)
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
        let made = PendingChannels()
        do {
            return try await withTaskCancellationHandler {
                try await ConnectionRacer.run(
                    routes: group.map(\.route), on: eventLoop, limits: self.environment.limits
                ) { channel in
                    try self.attempts.add(channel)
                    try made.add(channel)
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

    private func negotiate(
        _ errand: RemoteErrand, at place: Candidate, over channel: any Channel
    ) async throws(RemoteStreamError) -> RemoteOutboundRole.Outcome {
        let outcome = channel.eventLoop.makePromise(of: RemoteOutboundRole.Outcome.self)
        defer { self.attempts.remove(channel) }
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
        try StreamHandler(role: role, environment: self.environment, usesDirectTLS: usesDirectTLS).join(
            channel)
        // On a closed channel there is nothing left to read.
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
    }
}
