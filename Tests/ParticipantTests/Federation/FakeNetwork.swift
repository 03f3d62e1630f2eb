import CloudModel
import Synchronization
import XMPP
import XMPPTransport

/// Links between participants in one process: a stanza arrives before `send` returns, unless its route is cut.
final class FakeNetwork: Sendable {
    private struct State {
        var links: [JID: FakeLink] = [:]
        var isolated: Set<JID> = []
        var sent: [Stanza] = []
        var sentCount = 0
    }

    private let state = Mutex(State())

    /// Who nothing gets to or from.
    func isolate(_ addresses: Set<JID>) {
        self.state.withLock { $0.isolated = addresses }
    }

    /// What was sent since the last call, whether it arrived or not.
    func takeSent() -> [Stanza] {
        self.state.withLock { state in
            defer { state.sent = [] }
            return state.sent
        }
    }

    /// How many were ever sent, whether they arrived or not.
    var sentCount: Int { self.state.withLock { $0.sentCount } }

    func attach(_ link: FakeLink) {
        self.state.withLock { $0.links[link.address] = link }
    }

    fileprivate func deliver(_ stanza: Stanza, from sender: JID) async throws {
        var stanza = stanza
        stanza.from = sender
        let target: FakeLink? = self.state.withLock { state in
            state.sent.append(stanza)
            state.sentCount += 1
            guard let to = stanza.to?.bare, !state.isolated.contains(to),
                !state.isolated.contains(sender.bare)
            else { return nil }
            return state.links[to]
        }
        guard let target else {
            throw StanzaError(.remoteServerTimeout, text: "\(stanza.to?.description ?? "-") is out of reach")
        }
        await target.receive(stanza)
    }
}

/// One participant's way into a `FakeNetwork`.
final class FakeLink: XMPPLink {
    private struct Key: Hashable {
        let id: String
        let peer: JID
    }

    private struct State {
        var handler: (any StanzaHandler)?
        var waiting: [Key: CheckedContinuation<IQ, any Error>] = [:]
    }

    let address: JID
    private let network: FakeNetwork
    private let state = Mutex(State())

    init(address: JID, network: FakeNetwork) {
        self.address = address
        self.network = network
        network.attach(self)
    }

    func handle(with handler: any StanzaHandler) {
        self.state.withLock { $0.handler = handler }
    }

    func send(_ stanza: Stanza) async throws {
        try await self.network.deliver(stanza, from: self.address)
    }

    func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
        let key = Key(id: iq.id, peer: try requiring(iq.to).bare)
        return try await withCheckedThrowingContinuation { continuation in
            self.state.withLock { $0.waiting[key] = continuation }
            Task {
                do {
                    try await self.send(.iq(iq))
                } catch {
                    self.state.withLock { $0.waiting.removeValue(forKey: key) }?.resume(throwing: error)
                }
            }
        }
    }

    fileprivate func receive(_ stanza: Stanza) async {
        if case .iq(let iq) = stanza, iq.request == nil, let from = iq.from {
            let key = Key(id: iq.id, peer: from.bare)
            let waiting = self.state.withLock { $0.waiting.removeValue(forKey: key) }
            if case .error(let error) = iq.body {
                waiting?.resume(throwing: error)
            } else {
                waiting?.resume(returning: iq)
            }
            return
        }
        await self.state.withLock { $0.handler }?.handle(stanza, on: self)
    }

    private func requiring(_ address: JID?) throws -> JID {
        guard let address else { throw StanzaError(.badRequest) }
        return address
    }
}
