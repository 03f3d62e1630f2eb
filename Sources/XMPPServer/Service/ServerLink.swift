import CloudModel
import Synchronization
package import XMPP
import XMPPTransport

/// The local service's own way out: it sends as the domain itself (or as `domain/resource`).
package final class ServerLink: XMPPLink {
    package let address: JID
    private let shell: DomainShell
    private let clock: any Clock<Duration>
    private let pending: Mutex<PendingRequests<CheckedContinuation<IQ, any Error>>>

    package init(
        address: JID, shell: DomainShell, clock: any Clock<Duration>, pendingLimit: Int
    ) {
        self.address = address
        self.shell = shell
        self.clock = clock
        self.pending = Mutex(PendingRequests(limit: pendingLimit))
    }

    package func send(_ stanza: Stanza) async throws {
        await self.shell.handle(.fromService(try self.stamped(stanza)))
    }

    package func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
        guard let peer = iq.to, iq.request != nil else {
            throw StanzaError(.badRequest, text: "a request needs an address and something asked")
        }
        let stamped = try self.stamped(.iq(iq))
        return try await withThrowingTaskGroup(of: IQ.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await self.exchange(stamped, id: iq.id, with: peer) }
            group.addTask {
                try await self.clock.sleep(for: timeout)
                throw StanzaError(
                    .remoteServerTimeout, text: "\(peer) did not answer within \(timeout)")
            }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// Takes an answer to a request of this link; false if nobody waits for it.
    func take(_ iq: IQ) -> Bool {
        guard let peer = iq.from else { return false }
        let waiter = self.pending.withLock { $0.take(id: iq.id, from: peer) }
        switch (waiter, iq.body) {
        case (.none, _): return false
        case (.some(let waiter), .error(let error)): waiter.resume(throwing: error)
        case (.some(let waiter), _): waiter.resume(returning: iq)
        }
        return true
    }

    private func exchange(_ request: Stanza, id: String, with peer: JID) async throws -> IQ {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch self.pending.withLock({ $0.add(continuation, id: id, to: peer) }) {
                case .added:
                    // A cancellation that came before the request was registered found nobody to wake.
                    if Task.isCancelled {
                        self.giveUp(id: id, on: peer)
                    } else {
                        self.shell.handleNow(.fromService(request))
                    }
                case .full:
                    continuation.resume(
                        throwing: StanzaError(
                            .resourceConstraint, text: "too many requests wait for an answer"))
                case .duplicate:
                    continuation.resume(
                        throwing: StanzaError(
                            .conflict, text: "a request with the id '\(id)' to \(peer) is waiting"))
                }
            }
        } onCancel: {
            self.giveUp(id: id, on: peer)
        }
    }

    private func giveUp(id: String, on peer: JID) {
        self.pending.withLock { $0.take(id: id, from: peer) }?.resume(throwing: CancellationError())
    }

    /// The stanza with its `from`, which must be the domain's own.
    private func stamped(_ stanza: Stanza) throws(StanzaError) -> Stanza {
        var stanza = stanza
        let from = stanza.from ?? self.address
        guard from.bare == self.address else {
            throw StanzaError(.notAllowed, text: "\(self.address) cannot send as \(from)")
        }
        stanza.from = from
        return stanza
    }
}
