import Federation
import XML
package import XMPP
package import XMPPTransport

extension TrafficClass {
    /// How a stanza of ours is treated on a link that is slower than we could speak.
    ///
    /// Rows that are pushed are replaced by newer ones of the same origin for the same peer, those that were asked for are
    /// not; pings measure the moment.
    package static func federation(_ stanza: Stanza) -> TrafficClass {
        switch stanza {
        case .message(let message):
            guard message.kind == .headline else { return .command }
            return Self.row(in: message.payloads, to: message.to) ?? .command
        case .iq(let iq):
            if case .result(.some(let answer)) = iq.body, RowEnvelope.matches(answer) {
                return .answer(to: iq.to?.description ?? "")
            }
            return iq.request.map(Ping.matches) == true ? .probe : .command
        case .presence: return .command
        }
    }

    private static func row(in payloads: [Element], to peer: JID?) -> TrafficClass? {
        payloads.first(where: RowEnvelope.matches)?[attribute: "origin"]
            .map { .row(name: "\(peer?.description ?? "") \($0)") }
    }
}
