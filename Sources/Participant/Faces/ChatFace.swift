package import CloudModel
import Cryptography
package import Logging
package import Operations
import ServiceLifecycle
import Synchronization
import XML
package import XMPP
package import XMPPTransport

/// Answers people who write to this process from any XMPP client, directly or in a room.
///
/// Lines of one person are performed one after another, people side by side. Whatever another program says by itself is
/// never answered: servers and other agents (addresses without a local part), marked answers (`AutomaticAnswer`), errors,
/// copies and events, history. So two processes cannot talk in circles; `AnswerAllowance` ends what gets through.
package final class ChatFace: Service {
    /// How long a client may take to say what it supports.
    static let lookupTime: Duration = .seconds(10)

    struct State {
        var core: ChatCore
        var mailbox = ChatMailbox()
        var clients = ChatClients()
        var allowance = AnswerAllowance()
        var random = SecureRandom()
    }

    let table: OperationTable
    let link: any XMPPLink
    let rooms: RoomKeeper
    let now: @Sendable () -> Instant
    let logger: Logger
    let state: Mutex<State>
    private let senders: AsyncStream<JID>
    private let begin: AsyncStream<JID>.Continuation
    private let unknown: AsyncStream<JID>
    private let ask: AsyncStream<JID>.Continuation

    package init(
        table: OperationTable, link: any XMPPLink, rooms: RoomKeeper,
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) {
        self.table = table
        self.link = link
        self.rooms = rooms
        self.now = now
        self.logger = logger
        self.state = Mutex(State(core: ChatCore(site: table.site)))
        // A party is announced once until its lines are done, so there are never more than the mailbox takes.
        (self.senders, self.begin) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(ChatMailbox.senders))
        // A client is asked once while it is remembered.
        (self.unknown, self.ask) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(ChatClients.limit))
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    for await client in self.unknown { await self.look(at: client) }
                }
                for await party in self.senders {
                    group.addTask { await self.drain(party) }
                }
                group.cancelAll()
            }
        }
    }

    // MARK: Lines

    /// Takes a message that was addressed to this process; returns at once.
    package func receive(_ message: Message) async {
        guard let line = self.line(in: message) else { return }
        let now = self.now()
        switch self.state.withLock({ $0.allowance.take(line.party.description, now: now) }) {
        case .answer: break
        case .silence: return
        case .lastWord(let wait):
            let error = OperationError(
                .tooMany,
                "that were \(AnswerAllowance.answers) lines within "
                    + "\(AnswerAllowance.period.components.seconds) s; this one was not performed",
                next: "wait \(max(wait.components.seconds, 1)) s")
            return await self.reply(.text(self.state.withLock { $0.core.text(of: error) }), to: line)
        }
        if line.place == .direct {
            self.state.withLock { $0.clients.heard(message, from: line.sender, now: now) }
            if let receipt = message.receipt { await self.send(receipt) }
        }
        switch self.state.withLock({ $0.mailbox.offer(line) }) {
        case .queued:
            break
        case .begin:
            self.begin.yield(line.party)
        case .refused:
            let error = OperationError(
                .tooMany, "too many commands are waiting", next: "wait until the earlier ones are answered")
            await self.reply(.text(self.state.withLock { $0.core.text(of: error) }), to: line)
        }
    }

    /// The line in a message that a person means us to answer; nil for anything else.
    ///
    /// What was kept while this process was away (XEP-0203) is passed over: an order that is minutes old may no longer be
    /// meant.
    private func line(in message: Message) -> ChatLine? {
        guard let sender = message.from, sender.bare != self.link.address, message.kind != .error,
            message.kind != .headline, !message.holdsWhatIsSentOnRequest,
            !message.payloads.contains(where: AutomaticAnswer.matches)
        else { return nil }
        switch self.rooms.hear(message, from: sender) {
        case .line(let line): return line
        case .nothing: return nil
        case .elsewhere: break
        }
        // Through a room we are not in comes nobody whom we could know.
        guard sender.local != nil, let text = message.body, !text.isEmpty, message.kind != .groupchat,
            !message.payloads.contains(where: RoomNotice.matches)
        else { return nil }
        if message.payloads.contains(where: Delay.matches) {
            self.logger.debug("passed over a delayed chat line", metadata: ["from": "\(sender.bare)"])
            return nil
        }
        return ChatLine(
            message: message, sender: sender, text: text, person: sender.bare, place: .direct)
    }

    private func drain(_ party: JID) async {
        while let line = self.state.withLock({ $0.mailbox.next(from: party) }) {
            await self.perform(line)
        }
    }

    private func perform(_ line: ChatLine) async {
        do throws(OperationError) {
            guard let person = line.person else {
                let text = self.state.withLock {
                    $0.core.text(forStranger: line.text, at: self.link.address.description)
                }
                return await self.reply(.text(text), to: line)
            }
            let caller = GrantBook.Caller(person)
            if line.place != .direct, line.text.lowercased() == "leave" {
                return try await self.leave(line.sender.bare, asked: caller)
            }
            let permitted = try await self.table.permitted(to: caller)
            let now = self.now()
            let step = self.state.withLock { state in
                state.core.receive(
                    line.text, from: caller, permitted: permitted, now: now, using: &state.random)
            }
            switch step {
            case .say(let text): await self.reply(.text(text), to: line)
            case .ask(let text, let replies): await self.reply(.question(text, replies), to: line)
            case .perform(let invocation): try await self.perform(invocation, for: line)
            }
        } catch {
            await self.reply(.text(self.state.withLock { $0.core.text(of: error) }), to: line)
        }
    }

    private func perform(_ invocation: Invocation, for line: ChatLine) async throws(OperationError) {
        let isLong = Catalogue.operation(invocation.operation)?.isLong == true
        if isLong, line.place == .direct { self.wonder(about: line.sender) }
        await self.tell(.composing, to: line)
        let told = ProgressTold()
        let result = try await self.table.perform(invocation, progress: self.progress(told, on: line))
        await self.finish(told, on: line)
        let text = self.state.withLock { $0.core.text(of: result, for: invocation.operation) }
        await self.reply(.text(text), to: line)
    }

    // MARK: Clients

    /// Has the client asked what it can show, unless that was done.
    func wonder(about client: JID) {
        let now = self.now()
        guard self.state.withLock({ $0.clients.mustAsk(client, now: now) }) else { return }
        self.ask.yield(client)
    }

    private func look(at client: JID) async {
        let id = self.state.withLock { IQ.id(randomUsing: &$0.random) }
        do {
            let answer = try await self.link.request(
                IQ(to: client, id: id, body: .get(DiscoInfo().element)), timeout: Self.lookupTime)
            guard case .result(.some(let element)) = answer.body else { return }
            let features = Set(try DiscoInfo(parsing: element).features)
            self.state.withLock { $0.clients.learned(features, of: client) }
        } catch {
            self.logger.debug(
                "a client does not say what it supports",
                metadata: ["client": "\(client)", "error": "\(error)"])
        }
    }

    func freshID() -> String {
        self.state.withLock { Hexadecimal.encode($0.random.bytes(8)) }
    }

    func send(_ message: Message) async {
        do {
            try await self.link.send(.message(message))
        } catch {
            self.logger.warning(
                "a chat answer could not be sent",
                metadata: ["to": "\(message.to?.description ?? "")", "error": "\(error)"])
        }
    }
}
