import Synchronization
package import XMPP

/// The requests of a link that wait for their answers, and how long they may.
package final class RequestDesk: Sendable {
    private let clock: any Clock<Duration>
    private let pending: Mutex<PendingRequests<CheckedContinuation<IQ, any Error>>>

    /// `limit` requests may wait at a time; `clock` measures their time-outs.
    package init(limit: Int, clock: any Clock<Duration>) {
        self.clock = clock
        self.pending = Mutex(PendingRequests(limit: limit))
    }

    /// Has a request sent and waits for its answer.
    ///
    /// `send` is called once, after the answer can be taken. `giveUp` is called if nobody waits any more: the time is
    /// over, or the task was cancelled. Throws the peer's `StanzaError`, that of `send`, or `remote-server-timeout`.
    package func request(
        _ iq: IQ, to peer: JID, timeout: Duration, send: @escaping @Sendable () throws(StanzaError) -> Void,
        giveUp: @escaping @Sendable () -> Void = {}
    ) async throws -> IQ {
        try await withThrowingTaskGroup(of: IQ.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await self.exchange(iq.id, with: peer, send: send, giveUp: giveUp) }
            group.addTask {
                try await self.clock.sleep(for: timeout)
                throw StanzaError(.remoteServerTimeout, text: "\(peer) did not answer within \(timeout)")
            }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    /// Takes an answer to a request; false if nobody waits for it.
    package func take(_ iq: IQ) -> Bool {
        guard let peer = iq.from else { return false }
        return self.take(iq, from: peer)
    }

    /// Takes an answer that came from `peer`.
    package func take(_ iq: IQ, from peer: JID) -> Bool {
        let waiter = self.pending.withLock { $0.take(id: iq.id, from: peer) }
        switch (waiter, iq.body) {
        case (.none, _): return false
        case (.some(let waiter), .error(let error)): waiter.resume(throwing: error)
        case (.some(let waiter), _): waiter.resume(returning: iq)
        }
        return true
    }

    private func exchange(
        _ id: String, with peer: JID, send: @escaping @Sendable () throws(StanzaError) -> Void,
        giveUp: @escaping @Sendable () -> Void
    ) async throws -> IQ {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch self.pending.withLock({ $0.add(continuation, id: id, to: peer) }) {
                case .added:
                    // A cancellation that came before the request was registered found nobody to wake.
                    guard !Task.isCancelled else {
                        self.fail(id, on: peer, CancellationError())
                        return
                    }
                    do throws(StanzaError) {
                        try send()
                    } catch {
                        self.fail(id, on: peer, error)
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
            if self.fail(id, on: peer, CancellationError()) { giveUp() }
        }
    }

    @discardableResult
    private func fail(_ id: String, on peer: JID, _ error: any Error) -> Bool {
        guard let waiter = self.pending.withLock({ $0.take(id: id, from: peer) }) else { return false }
        waiter.resume(throwing: error)
        return true
    }
}
