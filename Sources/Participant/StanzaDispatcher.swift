package import Logging
import ServiceLifecycle
import Synchronization
import XML
package import XMPP
package import XMPPTransport

/// Gives each stanza for this process to whoever registered for it.
///
/// Messages and presence are handled in the order of their arrival, so their handlers must be quick. Requests are
/// answered side by side, at most `Limits.requests` at a time, so that one that takes long does not hold up its
/// sender's next. A request that nobody registered for is answered with `service-unavailable` (RFC 6120 §8.4).
package final class StanzaDispatcher: StanzaHandler, Service {
    package struct Limits: Hashable, Sendable {
        /// Requests that are being answered or wait for it.
        package var requests = 256
        /// The same of one sender, so that nobody takes all of them.
        package var requestsPerSender = 32

        package init() {}
    }

    private struct Work: Sendable {
        let iq: IQ
        let request: Element
        let from: JID
        let link: any XMPPLink
    }

    private struct State {
        var table = Table()
        var busy: [JID: Int] = [:]
    }

    private let limits: Limits
    private let identity: DiscoInfo.Identity
    private let logger: Logger
    private let state = Mutex(State())
    private let work: AsyncStream<Work>
    private let begin: AsyncStream<Work>.Continuation

    /// `identity` is what service discovery says this process is, when no server in front of it does.
    package init(identity: DiscoInfo.Identity, logger: Logger, limits: Limits = Limits()) {
        self.identity = identity
        self.limits = limits
        self.logger = logger
        // No more is ever queued than `reserve` admits.
        (self.work, self.begin) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(limits.requests))
    }

    // MARK: Registration

    /// Says who answers requests with that payload; once per name.
    ///
    /// `feature` is announced to service discovery.
    package func register(
        _ responder: any IQResponder, name: String, namespace: String, feature: String? = nil
    ) {
        self.state.withLock { state in
            let key = Name(name: name, namespace: namespace)
            precondition(state.table.responders[key] == nil, "<\(name)/> is registered twice")
            state.table.responders[key] = responder
            if let feature { state.table.features.insert(feature) }
        }
    }

    /// Says what is done with messages that carry that payload; once per name.
    package func register(
        message name: String, namespace: String, feature: String? = nil, _ handler: @escaping MessageHandler
    ) {
        self.state.withLock { state in
            let key = Name(name: name, namespace: namespace)
            precondition(state.table.messages[key] == nil, "<\(name)/> in messages is registered twice")
            state.table.messages[key] = handler
            if let feature { state.table.features.insert(feature) }
        }
    }

    /// Says what else service discovery shall announce.
    package func announce(_ features: [String]) {
        self.state.withLock { $0.table.features.formUnion(features) }
    }

    /// Says who takes messages that carry a `<body/>` and no payload that somebody registered for.
    package func registerChat(_ handler: @escaping @Sendable (Message) async -> Void) {
        self.state.withLock { $0.table.chat = handler }
    }

    /// Says who takes presence.
    package func registerPresence(_ handler: @escaping @Sendable (Presence) async -> Void) {
        self.state.withLock { $0.table.presence = handler }
    }

    /// What service discovery shall announce, sorted: for the server in front, if there is one.
    package var features: [String] { self.state.withLock { $0.table.features.sorted() } }

    // MARK: Stanzas

    package func handle(_ stanza: Stanza, on link: any XMPPLink) async {
        switch stanza {
        case .message(let message): await self.handle(message, on: link)
        case .presence(let presence): await self.state.withLock({ $0.table.presence })?(presence)
        case .iq(let iq): await self.handle(iq, on: link)
        }
    }

    /// Answers requests until the process shuts down.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await work in self.work {
                    group.addTask { await self.answer(work) }
                }
            }
        }
    }

    private func handle(_ message: Message, on link: any XMPPLink) async {
        guard message.kind != .error, let from = message.from else { return }
        let (handlers, chat) = self.state.withLock { ($0.table.handlers(for: message), $0.table.chat) }
        for (payload, handler) in handlers { await handler(payload, message, from) }
        if handlers.isEmpty, message.body != nil { await chat?(message) }
    }

    private func handle(_ iq: IQ, on link: any XMPPLink) async {
        guard let request = iq.request, let from = iq.from else { return }
        guard self.reserve(from.bare) else {
            let busy = StanzaError(
                .resourceConstraint,
                text: "\(link.address) is answering as many requests as it can; ask again")
            await self.send(iq.reply(.error(busy)), on: link)
            return
        }
        self.begin.yield(Work(iq: iq, request: request, from: from, link: link))
    }

    private func answer(_ work: Work) async {
        defer { self.release(work.from.bare) }
        let body: IQ.Body
        do throws(StanzaError) {
            body = .result(try await self.result(of: work))
        } catch {
            body = .error(error)
        }
        await self.send(work.iq.reply(body), on: work.link)
    }

    private func result(of work: Work) async throws(StanzaError) -> Element? {
        let (responder, features) = self.state.withLock { state in
            (state.table.responder(for: work.request), state.table.features)
        }
        if let answer = self.discovery(work, features: features) { return answer }
        if let responder {
            return try await responder.respond(to: work.iq, request: work.request, from: work.from)
        }
        if Ping.matches(work.request) { return nil }
        throw StanzaError(
            .serviceUnavailable, text: "\(work.link.address) does not know <\(work.request.name)/>")
    }

    /// What service discovery says of the whole process; its nodes belong to whoever registered for discovery.
    private func discovery(_ work: Work, features: Set<String>) -> Element? {
        guard case .get = work.iq.body, work.request[attribute: "node"] == nil else { return nil }
        if DiscoInfo.matches(work.request) {
            return DiscoInfo(identities: [self.identity], features: features.sorted()).element
        }
        if DiscoItems.matches(work.request) { return DiscoItems().element }
        return nil
    }

    /// Whoever asked what cannot be said hears at least that, if that can be said.
    private func send(_ answer: IQ, on link: any XMPPLink) async {
        do {
            do {
                try await link.send(.iq(answer))
            } catch let error as StanzaError {
                guard case .result = answer.body else { throw error }
                var refusal = answer
                refusal.body = .error(error)
                try await link.send(.iq(refusal))
            }
        } catch {
            self.logger.debug(
                "an answer could not be sent",
                metadata: ["to": "\(answer.to?.description ?? "-")", "error": "\(error)"])
        }
    }

    // MARK: Limits

    private func reserve(_ sender: JID) -> Bool {
        self.state.withLock { state in
            let mine = state.busy[sender, default: 0]
            guard mine < self.limits.requestsPerSender,
                state.busy.values.reduce(0, +) < self.limits.requests
            else { return false }
            state.busy[sender] = mine + 1
            return true
        }
    }

    private func release(_ sender: JID) {
        self.state.withLock { state in
            let mine = state.busy[sender, default: 0] - 1
            state.busy[sender] = mine > 0 ? mine : nil
        }
    }
}
