package import CloudModel
import Cryptography
package import Logging
package import Operations
import ServiceLifecycle
import Synchronization
import XML
package import XMPP
package import XMPPTransport

/// Answers people who write to this process from any XMPP client.
///
/// Lines of one sender are performed one after another, senders side by side. Servers and other agents (addresses
/// without a local part) are never answered, so that two processes cannot talk in circles.
package final class ChatFace: Service {
    /// The least time between two lines of progress about one operation.
    package static let progressInterval: Duration = .seconds(3)

    private struct State {
        var core: ChatCore
        var mailbox = ChatMailbox()
        var random = SecureRandom()
    }

    private let table: OperationTable
    private let link: any XMPPLink
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let state: Mutex<State>
    private let senders: AsyncStream<JID>
    private let begin: AsyncStream<JID>.Continuation

    package init(
        table: OperationTable, link: any XMPPLink, now: @escaping @Sendable () -> Instant, logger: Logger
    ) {
        self.table = table
        self.link = link
        self.now = now
        self.logger = logger
        self.state = Mutex(State(core: ChatCore(site: table.site)))
        // A sender is announced once until its lines are done, so there are never more than the mailbox takes.
        (self.senders, self.begin) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(ChatMailbox.senders))
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await sender in self.senders {
                    group.addTask { await self.drain(sender) }
                }
            }
        }
    }

    /// Takes a message that was addressed to this process; returns at once.
    ///
    /// Errors, rooms, headlines, empty bodies and what was kept while this process was away (XEP-0203) are passed over:
    /// an order that is minutes old may no longer be meant.
    package func receive(_ message: Message) async {
        guard let sender = message.from, sender.local != nil, message.body?.isEmpty == false else { return }
        switch message.kind {
        case .chat, .normal: break
        case .groupchat, .headline, .error: return
        }
        if message.payloads.contains(where: Delay.matches) {
            self.logger.debug("passed over a delayed chat line", metadata: ["from": "\(sender.bare)"])
            return
        }
        if let receipt = message.receipt { await self.send(receipt) }
        switch self.state.withLock({ $0.mailbox.offer(message, from: sender.bare) }) {
        case .queued:
            break
        case .begin:
            self.begin.yield(sender.bare)
        case .refused:
            let error = OperationError(
                .tooMany, "too many commands are waiting", next: "wait until the earlier ones are answered")
            await self.reply(self.state.withLock { $0.core.text(of: error) }, to: message)
        }
    }

    private func drain(_ sender: JID) async {
        while let message = self.state.withLock({ $0.mailbox.next(from: sender) }) {
            await self.perform(message, from: sender)
        }
    }

    private func perform(_ message: Message, from sender: JID) async {
        let caller = GrantBook.Caller(sender)
        let text: String
        do throws(OperationError) {
            let permitted = try await self.table.permitted(to: caller)
            let now = self.now()
            let step = self.state.withLock { state in
                state.core.receive(
                    message.body ?? "", from: caller, permitted: permitted, now: now, using: &state.random)
            }
            switch step {
            case .say(let answer):
                text = answer
            case .perform(let invocation):
                let progress = self.progress(about: invocation, to: message)
                let result = try await self.table.perform(invocation, progress: progress)
                text = self.state.withLock { $0.core.text(of: result, for: invocation.operation) }
            }
        } catch {
            text = self.state.withLock { $0.core.text(of: error) }
        }
        await self.reply(text, to: message)
    }

    private func progress(about invocation: Invocation, to message: Message) -> ProgressSink {
        let last = LastTime()
        return { progress in
            guard last.mayReport(at: self.now(), interval: Self.progressInterval) else { return }
            await self.reply(self.state.withLock { $0.core.text(of: progress) }, to: message)
        }
    }

    private func reply(_ text: String, to message: Message) async {
        var answer = Message(to: message.from, kind: message.kind, body: text)
        if let thread = message.payloads.first(where: { $0.matches("thread", Namespace.client) }) {
            answer.payloads.append(thread)
        }
        await self.send(answer)
    }

    private func send(_ message: Message) async {
        do {
            try await self.link.send(.message(message))
        } catch {
            self.logger.warning(
                "a chat answer could not be sent",
                metadata: ["to": "\(message.to?.description ?? "")", "error": "\(error)"])
        }
    }
}

/// When progress was last told.
private final class LastTime: Sendable {
    private let time = Mutex<Instant?>(nil)

    func mayReport(at now: Instant, interval: Duration) -> Bool {
        self.time.withLock { time in
            if let time, time.duration(to: now) < interval { return false }
            time = now
            return true
        }
    }
}
