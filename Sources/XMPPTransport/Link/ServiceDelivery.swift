import ServiceLifecycle
import Synchronization
package import XMPP

/// Hands what is addressed to the domain to the local service: in order per sender, senders side by side.
package final class ServiceDelivery: Sendable {
    private let queues: Mutex<SenderQueues>
    private let handler: Mutex<(any StanzaHandler)?> = Mutex(nil)
    private let link: any XMPPLink
    private let ready: AsyncStream<JID>
    private let begin: AsyncStream<JID>.Continuation

    package init(on link: any XMPPLink, queues: SenderQueues) {
        self.link = link
        self.queues = Mutex(queues)
        // A sender is announced once until its queue is closed, so the stream never holds more than there are senders.
        (self.ready, self.begin) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(queues.senders))
    }

    /// Names who handles what arrives; once, before `run()`.
    package func attach(_ handler: any StanzaHandler) {
        self.handler.withLock { $0 = handler }
    }

    /// Queues a stanza; false if there is no room for it.
    package func offer(_ stanza: Stanza) -> Bool {
        guard let sender = stanza.from?.bare else { return false }
        switch self.queues.withLock({ $0.offer(stanza, from: sender) }) {
        case .queued: return true
        case .begin:
            self.begin.yield(sender)
            return true
        case .refused: return false
        }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await sender in self.ready {
                    group.addTask { await self.drain(sender) }
                }
            }
        }
    }

    private func drain(_ sender: JID) async {
        guard let handler = self.handler.withLock({ $0 }) else { return await self.refuse(sender) }
        while let stanza = self.queues.withLock({ $0.next(from: sender) }) {
            await handler.handle(stanza, on: self.link)
        }
    }

    /// Nobody is behind the domain: requests must be answered all the same.
    private func refuse(_ sender: JID) async {
        while let stanza = self.queues.withLock({ $0.next(from: sender) }) {
            guard case .iq = stanza, let reply = stanza.errorReply(StanzaError(.serviceUnavailable)) else {
                continue
            }
            do {
                try await self.link.send(reply)
            } catch {
                // The asker cannot be told either; it will give up waiting.
                continue
            }
        }
    }
}
