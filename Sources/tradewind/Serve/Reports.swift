import CloudModel
import Coordinator
import Federation
import Synchronization
import XMPP
import XMPPTransport

/// Takes the state of a machine to whoever holds it: a coordinator elsewhere, or the one of this very process.
final class Reports: Sendable {
    private let site: SiteID
    private let link: any XMPPLink
    private let coordinator = Mutex<Coordinator?>(nil)

    init(site: SiteID, link: any XMPPLink) {
        self.site = site
        self.link = link
    }

    /// Names this process's own coordinator, if it is one.
    func attach(_ coordinator: Coordinator) {
        self.coordinator.withLock { $0 = coordinator }
    }

    /// Sends the report; throws while the holder is out of reach.
    func send(_ machine: Machine, to holder: SiteID) async throws {
        let report = MachineReport(machine: machine)
        if holder == self.site {
            await self.coordinator.withLock { $0 }?.receive(report, from: self.site)
            return
        }
        let message = Message(to: try holder.jid(), kind: .normal, payloads: [report.element])
        try await self.link.send(.message(message))
    }
}
