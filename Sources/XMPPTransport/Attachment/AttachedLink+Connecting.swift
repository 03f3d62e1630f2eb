import Cryptography
import Logging
import NIOCore
import NIOPosix
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
            let pause = backOff.pause(after: end.lasting, needsAdmin: end.needsAdmin, using: &random)
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

    /// One attempt, at each place in turn until one has a stream; returns when that has ended.
    private func connect() async -> AttachmentEnd {
        let routes: [Route]
        do {
            routes = try await self.routes()
        } catch {
            return AttachmentEnd(reason: .unresolved("\(error)"), lasting: nil)
        }
        var last = AttachmentEnd(reason: .unresolved("DNS names no place to connect to"), lasting: nil)
        for route in routes {
            last = await self.attempt(route)
            if last.lasting != nil || Task.isCancelled { return last }
        }
        return last
    }

    private func routes() async throws -> [Route] {
        switch self.attachment {
        case .component(let component):
            // STARTTLS is not part of XEP-0114: the stream is plain, and TLS, if any, comes first.
            [
                Route(
                    host: component.host, port: component.port,
                    security: component.usesTLS ? .directTLS : .startTLS)
            ]
        case .client(let client):
            if let route = client.route {
                [route]
            } else {
                try await self.resolver.candidates(for: client.account.domain, of: .clients).map(\.route)
            }
        }
    }

    private func attempt(_ route: Route) async -> AttachmentEnd {
        let eventLoop = self.environment.group.next()
        let end = eventLoop.makePromise(of: AttachmentEnd.self)
        let pinned = self.state.withLock { $0.pinned }
        do {
            let channel = try await self.bootstrap(route, pinned, end, on: eventLoop)
                .connect(host: route.host, port: route.port).get()
            return try await withTaskCancellationHandler {
                try await end.futureResult.get()
            } onCancel: {
                // A stream that is up is closed in order by `stop`; one that is not is just dropped.
                eventLoop.scheduleTask(in: Self.closingTime) { channel.close(promise: nil) }
            }
        } catch {
            let ended = AttachmentEnd(reason: .unreachable(route, "\(error)"), lasting: nil)
            end.succeed(ended)
            return ended
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

    private func bootstrap(
        _ route: Route, _ pinned: SASLMechanism?, _ end: EventLoopPromise<AttachmentEnd>,
        on eventLoop: any EventLoop
    ) -> ClientBootstrap {
        let environment = self.environment
        let usesDirectTLS = route.security == .directTLS
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(environment.limits.connectTime)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let role = AttachmentRole(
                        link: self, pinned: pinned, usesDirectTLS: usesDirectTLS, end: end)
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
