import Cryptography
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import XMPP

extension AttachedLink {
    /// What the end of the process leaves for saying goodbye.
    private static let closingTime = TimeAmount.seconds(3)

    /// Connects, and connects again after each loss, until graceful shutdown.
    package func run() async throws {
        let delivery = self.delivery.withLock { $0 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let delivery { group.addTask { try await delivery.run() } }
            group.addTask { await self.keepPins() }
            group.addTask { await self.stayConnected() }
            try await group.waitForAll()
        }
        await self.resolver.shutDown()
        // The delivery speaks through this link: neither is to keep the other alive.
        self.delivery.withLock { $0 = nil }
    }

    private func stayConnected() async {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown { await self.connectForever() }
        } onGracefulShutdown: {
            self.stop()
        }
        self.stop()
    }

    private func stop() {
        self.state.withLock { state in
            state.isStopped = true
            return state.handle
        }?.close()
    }

    private func connectForever() async {
        var backOff = BackOff(limits: self.limits)
        var random = SecureRandom()
        while !Task.isCancelled {
            let end = await self.connect()
            guard !self.state.withLock({ $0.isStopped }) else { return }
            let pause = backOff.pause(after: end, using: &random)
            self.state.withLock { $0.fault = "\(end)" }
            self.environment.logger.log(
                level: end.needsAdmin ? .error : .notice, "not attached to the XMPP server",
                metadata: [
                    "address": "\(self.address)", "reason": "\(end)",
                    "retryInSeconds": "\(pause.nanoseconds / 1_000_000_000)",
                ])
            do {
                try await self.clock.sleep(for: .nanoseconds(pause.nanoseconds))
            } catch {
                return
            }
        }
    }

    /// One attempt; returns when the stream that came of it has ended, or when no place has one.
    ///
    /// Places of one priority are tried beside each other (RFC 8305); one that connects and has no stream is passed over.
    private func connect() async -> AttachmentEnd {
        var rounds: PlaceRounds
        do {
            rounds = PlaceRounds(try await self.places())
        } catch {
            return AttachmentEnd(reason: .unresolved("\(error)"), lasting: nil)
        }
        var last = AttachmentEnd(reason: .unresolved("DNS names no place to connect to"), lasting: nil)
        while !Task.isCancelled, case let round = rounds.round, !round.isEmpty {
            let attempts = PendingChannels()
            do {
                let winner = try await self.race(round.map(\.route), attempts)
                let place = rounds.connected(winner, in: round)
                last = await self.attempt(place.route, over: winner.channel)
            } catch {
                rounds.lost(round)
                let route = round.last?.route ?? Route(host: "", port: 0)
                last = AttachmentEnd(reason: .unreachable(route, "\(error)"), lasting: nil)
            }
            if last.lasting != nil { return last }
        }
        return last
    }

    /// The first of `routes` that answers.
    private func race(
        _ routes: [Route], _ attempts: PendingChannels
    ) async throws -> ConnectionRacer.Winner {
        let race = ConnectionRacer.run(
            routes: routes, on: self.environment.group.next(), limits: self.environment.limits
        ) { channel in
            try attempts.add(channel)
        }
        let winner = try await withTaskCancellationHandler {
            try await race.get()
        } onCancel: {
            attempts.close()
        }
        attempts.remove(winner.channel)
        return winner
    }

    private func places() async throws -> [Candidate] {
        switch self.attachment {
        case .component(let component):
            // STARTTLS is not part of XEP-0114: the stream is plain, and TLS, if any, comes first.
            [
                Candidate(
                    Route(
                        host: component.host, port: component.port,
                        security: component.usesTLS ? .directTLS : .startTLS))
            ]
        case .client(let client):
            if let route = client.route {
                [Candidate(route)]
            } else {
                try await self.resolver.candidates(for: client.account.domain, of: .clients)
            }
        }
    }

    private func attempt(_ route: Route, over channel: any Channel) async -> AttachmentEnd {
        let end = channel.eventLoop.makePromise(of: AttachmentEnd.self)
        let pinned = self.state.withLock { $0.pinned }
        channel.eventLoop.submit { try self.setUp(channel, route, pinned, end) }.whenFailure { error in
            end.succeed(AttachmentEnd(reason: .unreachable(route, "\(error)"), lasting: nil))
            channel.close(promise: nil)
        }
        // Changes nothing if the role has said how the stream ended.
        channel.closeFuture.whenComplete { _ in
            end.succeed(
                AttachmentEnd(reason: .unreachable(route, "the server closed the connection"), lasting: nil))
        }
        do {
            return try await withTaskCancellationHandler {
                try await end.futureResult.get()
            } onCancel: {
                // A stream that is up is closed in order by `stop`; one that is not is just dropped.
                channel.eventLoop.scheduleTask(in: Self.closingTime) { channel.close(promise: nil) }
            }
        } catch {
            return AttachmentEnd(reason: .unreachable(route, "\(error)"), lasting: nil)
        }
    }

    /// Keeps how we authenticated, for the next start of the process.
    private func keepPins() async {
        for await mechanism in self.pins.cancelOnGracefulShutdown() {
            do {
                try await self.remember(mechanism)
            } catch {
                self.environment.logger.warning(
                    "the mechanism of authentication could not be kept", metadata: ["error": "\(error)"])
            }
        }
    }

    private func setUp(
        _ channel: any Channel, _ route: Route, _ pinned: SASLMechanism?,
        _ end: EventLoopPromise<AttachmentEnd>
    ) throws {
        let usesDirectTLS = route.security == .directTLS
        let role = AttachmentRole(link: self, pinned: pinned, usesDirectTLS: usesDirectTLS, end: end)
        try StreamHandler(role: role, environment: self.environment, usesDirectTLS: usesDirectTLS).join(
            channel)
        // On a closed channel there is nothing left to read.
        channel.setOption(.autoRead, value: true).whenFailure { _ in }
    }
}
