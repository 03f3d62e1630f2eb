import CloudModel
import Federation
import XMPP
import XMPPTransport

/// Takes the state of a machine to whoever holds it: a coordinator elsewhere, or the one of this very process.
final class Reports: Sendable {
    private let site: SiteID
    private let link: any XMPPLink

    init(site: SiteID, link: any XMPPLink) {
        self.site = site
        self.link = link
    }

    /// Sends the report; throws while the holder is out of reach.
    func send(_ machine: Machine, to holder: SiteID) async throws {
        let report = MachineReport(machine: machine)
        let message = Message(to: try JID(holder.address), kind: .normal, payloads: [report.element])
        try await self.link.send(.message(message))
    }
}
