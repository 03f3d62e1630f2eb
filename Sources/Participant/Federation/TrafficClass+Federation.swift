import Federation
import XML
package import XMPP
package import XMPPTransport

extension TrafficClass {
    /// How a stanza of ours is treated on a link that is slower than we could speak.
    ///
    /// Pushed rows are replaced by newer ones of the same origin for the same peer; pings measure the moment.
    package static func federation(_ stanza: Stanza) -> TrafficClass {
        switch stanza {
        case .message(let message):
            guard message.kind == .headline, let row = message.payloads.first(where: RowEnvelope.matches),
                let origin = row[attribute: "origin"]
            else { return .command }
            return .row(name: "\(message.to?.description ?? "") \(origin)")
        case .iq(let iq):
            return iq.request.map(Ping.matches) == true ? .probe : .command
        case .presence: return .command
        }
    }
}
