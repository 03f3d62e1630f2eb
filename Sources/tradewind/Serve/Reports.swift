import CloudModel
import Coordinator
import Cryptography
import Federation
import Synchronization
import XMPP
import XMPPTransport

/// Takes the state of a machine to whoever holds it: a coordinator elsewhere, or the one of this very process.
final class Reports: Sendable {
    /// How long a coordinator elsewhere may take to acknowledge a report.
    static let timeout = Duration.seconds(10)

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

    /// Asks the holder for leases; throws if it does not answer within `patience`.
    func renew(
        _ request: LeaseRequest, of holder: SiteID, within patience: Duration
    ) async throws -> LeaseAnswer {
        if holder == self.site {
            guard let coordinator = self.coordinator.withLock({ $0 }) else {
                throw StanzaError(.serviceUnavailable, text: "\(holder) is no coordinator")
            }
            return coordinator.renew(request, from: self.site)
        }
        var random = SecureRandom()
        let iq = IQ(to: try holder.jid(), id: IQ.id(randomUsing: &random), body: .set(request.element))
        switch try await self.link.request(iq, timeout: patience).body {
        case .result(let element?): return try LeaseAnswer(parsing: element)
        case .error(let error): throw error
        case .result(nil), .get, .set:
            throw StanzaError(.undefinedCondition, text: "\(holder) did not answer the question")
        }
    }

    /// Tells the holder; returns once it has written the report down, and throws if it does not say so in time.
    func send(_ machine: Machine, to holder: SiteID) async throws {
        let report = MachineReport(machine: machine)
        if holder == self.site {
            try await self.coordinator.withLock { $0 }?.receive(report, from: self.site)
            return
        }
        var random = SecureRandom()
        let iq = IQ(
            to: try holder.jid(), id: IQ.id(randomUsing: &random), body: .set(report.element))
        switch try await self.link.request(iq, timeout: Self.timeout).body {
        case .result: return
        case .error(let error): throw error
        case .get, .set: throw StanzaError(.undefinedCondition, text: "\(holder) answered with a request")
        }
    }
}
