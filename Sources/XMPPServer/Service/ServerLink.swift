package import XMPP
import XMPPTransport

/// The local service's own way out: it sends as the domain itself (or as `domain/resource`).
package final class ServerLink: XMPPLink {
    package let address: JID
    private let shell: DomainShell
    private let desk: RequestDesk

    package init(
        address: JID, shell: DomainShell, clock: any Clock<Duration>, pendingLimit: Int
    ) {
        self.address = address
        self.shell = shell
        self.desk = RequestDesk(limit: pendingLimit, clock: clock)
    }

    package func send(_ stanza: Stanza) async throws {
        await self.shell.handle(.fromService(try self.stamped(stanza)))
    }

    package func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
        guard let peer = iq.to, iq.request != nil else {
            throw StanzaError(.badRequest, text: "a request needs an address and something asked")
        }
        let stamped = try self.stamped(.iq(iq))
        return try await self.desk.request(
            iq, to: peer, timeout: timeout, send: { self.shell.handleNow(.fromService(stamped)) })
    }

    /// Takes an answer to a request of this link; false if nobody waits for it.
    func take(_ iq: IQ) -> Bool { self.desk.take(iq) }

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
