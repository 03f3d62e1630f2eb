package import CloudModel
import Federation
import Gossip
import Logging
import Synchronization
package import XML
package import XMPP
import XMPPTransport

/// What other sites say to us. Every sender is the one its stream proved.
extension FederationService {
    /// Registers everything of the federation protocol that is not a role's.
    package func register(on dispatcher: StanzaDispatcher) {
        self.registerIntroductions(on: dispatcher)
        self.serve(RowRequest.self, on: dispatcher) { request, asker throws(StanzaError) in
            guard let row = self.state.withLock({ $0.alliance.row(of: request.origin, for: asker) }) else {
                throw StanzaError(.itemNotFound, text: "\(self.site) holds no row of \(request.origin)")
            }
            return RowEnvelope(row: row).element
        }
        self.receive(RowEnvelope.self, on: dispatcher) { envelope, neighbour in
            await self.act { $0.receive(envelope.row, from: neighbour, now: $1) }
        }
    }

    /// Answers requests with payload `P` from members; others are told how to become one.
    package func serve<P: Payload>(
        _ type: P.Type, on dispatcher: StanzaDispatcher,
        _ handler: @escaping @Sendable (P, SiteID) async throws(StanzaError) -> Element?
    ) {
        let responder = PayloadResponder<P> { payload, from throws(StanzaError) in
            let site = SiteID(from)
            do throws(StanzaError) {
                try self.requireMember(site)
            } catch {
                self.log("refused a request of the federation", of: P.elementName, from, error)
                throw error
            }
            await self.act { $0.heard(site, now: $1) }
            return try await handler(payload, site)
        }
        dispatcher.register(
            responder, name: P.elementName, namespace: P.namespace, feature: Namespace.federation)
    }

    /// Takes messages with payload `P` from members; those of others are dropped.
    package func receive<P: Payload>(
        _ type: P.Type, on dispatcher: StanzaDispatcher,
        _ handler: @escaping @Sendable (P, SiteID) async -> Void
    ) {
        dispatcher.register(
            message: P.elementName, namespace: P.namespace, feature: Namespace.federation
        ) { element, _, from in
            let site = SiteID(from)
            do {
                try self.requireMember(site)
                let payload = try P(parsing: element)
                await self.act { $0.heard(site, now: $1) }
                await handler(payload, site)
            } catch {
                self.log("dropped a message of the federation", of: P.elementName, from, error)
            }
        }
    }

    private func registerIntroductions(on dispatcher: StanzaDispatcher) {
        self.answer(Invitation.self, on: dispatcher) { invitation, site throws(StanzaError) in
            let introduction = Introduction(
                name: invitation.name, role: invitation.role, key: invitation.key, note: invitation.note)
            try await self.introduced(site) { alliance, now in
                alliance.receiveInvitation(from: site, introduction, now: now)
            }
        }
        self.answer(Acceptance.self, on: dispatcher) { acceptance, site throws(StanzaError) in
            let introduction = Introduction(
                name: acceptance.name, role: acceptance.role, key: acceptance.key)
            try await self.introduced(site) { alliance, now in
                alliance.receiveAcceptance(from: site, introduction, now: now)
            }
        }
        self.answer(Departure.self, on: dispatcher) { departure, site throws(StanzaError) in
            await self.act { $0.receiveDeparture(from: site, reason: departure.reason, now: $1) }
        }
    }

    /// A request that strangers may send too, answered with an empty result.
    private func answer<P: Payload>(
        _ type: P.Type, on dispatcher: StanzaDispatcher,
        _ handler: @escaping @Sendable (P, SiteID) async throws(StanzaError) -> Void
    ) {
        let responder = PayloadResponder<P> { payload, from throws(StanzaError) in
            do throws(StanzaError) {
                try await handler(payload, SiteID(from))
            } catch {
                self.log("refused a request of the federation", of: P.elementName, from, error)
                throw error
            }
            return nil
        }
        dispatcher.register(
            responder, name: P.elementName, namespace: P.namespace, feature: Namespace.federation)
    }

    private func introduced(
        _ site: SiteID, _ event: (inout Alliance, Instant) -> Membership.OnIntroduction
    ) async throws(StanzaError) {
        let now = self.now()
        let outcome = self.state.withLock { event(&$0.alliance, now) }
        await self.carryOut(outcome.directives)
        switch outcome.refusal {
        case .none: return
        case .notInvited: throw self.notAllied(with: site)
        case .keyChanged:
            throw StanzaError(
                .notAuthorized,
                text:
                    "\(site) showed another key than the one \(self.site) accepted; an admin of \(self.site) "
                    + "compares the new key and types: site accept \(site)")
        case .full:
            throw StanzaError(
                .resourceConstraint, kind: .cancel,
                text: "\(self.site) takes no more invitations until its admins have answered some")
        }
    }

    /// One line for what somebody asked or said who may not, as long as there is room for it.
    private func log(_ message: Logger.Message, of payload: String, _ from: JID, _ error: any Error) {
        let minute = self.now().millisecondsSinceEpoch / 60_000
        let outcome = self.refusals.withLock { $0.take(from.domain, inMinute: minute) }
        guard case .write(let unwritten) = outcome else { return }
        var metadata: Logger.Metadata = ["from": "\(LogText.escaped("\(from)"))", "payload": "\(payload)"]
        if let error = error as? StanzaError {
            metadata["condition"] = "\(error.condition.rawValue)"
            metadata["reason"] = "\(LogText.escaped(error.text ?? ""))"
        } else {
            metadata["reason"] = "\(LogText.escaped("\(error)"))"
        }
        if unwritten > 0 { metadata["unwritten"] = "\(unwritten)" }
        self.logger.info(message, metadata: metadata)
    }

    private func requireMember(_ site: SiteID) throws(StanzaError) {
        switch self.state.withLock({ $0.alliance.membership[site: site]?.standing }) {
        case .member: return
        case .quarantined:
            throw StanzaError(
                .notAuthorized,
                text:
                    "\(site) is quarantined at \(self.site) because its key changed; an admin of \(self.site) "
                    + "compares the new key and types: site accept \(site)")
        case .none, .invited, .invitedBy, .accepting, .left: throw self.notAllied(with: site)
        }
    }

    func notAllied(with site: SiteID) -> StanzaError {
        StanzaError(
            .registrationRequired,
            text: "\(site) and \(self.site) are not allied; an admin of one invites (site invite ADDRESS), "
                + "an admin of the other accepts (site accept ADDRESS)")
    }
}

/// Reads a request as `P` before it is answered.
private struct PayloadResponder<P: Payload>: IQResponder {
    let answer: @Sendable (P, JID) async throws(StanzaError) -> Element?

    func respond(to iq: IQ, request: Element, from: JID) async throws(StanzaError) -> Element? {
        let payload: P
        do throws(PayloadError) {
            payload = try P(parsing: request)
        } catch {
            throw error.stanzaError
        }
        return try await self.answer(payload, from)
    }
}
