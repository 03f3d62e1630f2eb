import CloudModel
import Federation
import Gossip
import Logging
import Synchronization
import XML
import XMPP
import XMPPTransport

/// What takes a request to a peer and its answer.
extension FederationService {
    func exchange(_ directive: AllianceDirective) async {
        switch directive {
        case .sendInvitation(let peer):
            let note = self.state.withLock { $0.notes[peer] }
            let invitation = Invitation(
                name: self.configuration.name, role: self.configuration.role, key: self.key, note: note)
            await self.introduce(invitation, to: peer) { alliance, refusal, now in
                alliance.invitationAnswered(by: peer, refusal: refusal, now: now)
            }
        case .sendAcceptance(let peer):
            let acceptance = Acceptance(
                name: self.configuration.name, role: self.configuration.role, key: self.key)
            await self.introduce(acceptance, to: peer) { alliance, refusal, now in
                alliance.acceptanceAnswered(by: peer, refusal: refusal, now: now)
            }
        case .sendDeparture(let peer):
            await self.introduce(Departure(), to: peer) { _, _, _ in [] }
        case .fetchRow(let origin, let peer): await self.fetchRow(of: origin, from: peer)
        case .ping(let peer): await self.ping(peer)
        case .push, .save, .forget, .saveIncarnation, .saveRows, .changed, .report:
            await self.carryOut([directive])
        }
    }

    /// One event of the core at the present time.
    func act(_ event: (inout Alliance, Instant) throws -> [AllianceDirective]) async rethrows {
        let now = self.now()
        await self.carryOut(try self.state.withLock { try event(&$0.alliance, now) })
    }

    private func introduce(
        _ payload: some Payload, to peer: SiteID,
        answered: (inout Alliance, String?, Instant) -> [AllianceDirective]
    ) async {
        do {
            _ = try await self.ask(payload.element, of: peer, timeout: self.configuration.answerTimeout)
            await self.act { answered(&$0, nil, $1) }
        } catch let error as StanzaError where error.isRefusal {
            let text = error.text ?? error.condition.rawValue
            await self.act { answered(&$0, text, $1) }
        } catch {
            self.logger.info(
                "another site could not be reached; the request is repeated",
                metadata: ["site": "\(peer)", "request": "\(payload.element.name)", "error": "\(error)"])
        }
    }

    private func fetchRow(of origin: SiteID, from peer: SiteID) async {
        do {
            let answer: RowEnvelope = try await self.request(
                RowRequest(origin: origin), to: peer, timeout: self.configuration.answerTimeout)
            await self.act { $0.receive(answer.row, from: peer, now: $1) }
        } catch {
            self.logger.debug(
                "a row could not be fetched; its next heartbeat brings it",
                metadata: ["origin": "\(origin)", "site": "\(peer)", "error": "\(error)"])
        }
    }

    private func ping(_ peer: SiteID) async {
        do {
            let time = try await Self.time(self.clock) {
                do {
                    _ = try await self.ask(
                        Ping().element, isQuery: true, of: peer,
                        timeout: self.configuration.alliance.contact.pingTimeout)
                } catch let error as StanzaError where error.isAnswerOfPeer {
                    // A server that does not know the ping has answered all the same (XEP-0199 §4.1).
                }
            }
            await self.act { $0.pingAnswered(by: peer, after: time, now: $1) }
        } catch {
            await self.act { $0.pingFailed(peer, now: $1) }
        }
    }

    /// How long `body` takes: by a clock that nobody sets, and finer than an `Instant`.
    private static func time<C: Clock<Duration>>(
        _ clock: C, _ body: () async throws -> Void
    ) async rethrows -> Duration {
        try await clock.measure(body)
    }

    /// Sends a request and waits for the child of its result.
    func ask(
        _ request: Element, isQuery: Bool = false, of peer: SiteID, timeout: Duration
    ) async throws -> Element? {
        let id = self.state.withLock { IQ.id(randomUsing: &$0.random) }
        let iq = IQ(
            to: try peer.jid(), from: self.link.address, id: id, body: isQuery ? .get(request) : .set(request)
        )
        switch try await self.link.request(iq, timeout: timeout).body {
        case .result(let element): return element
        case .error(let error): throw error
        case .get, .set: return nil
        }
    }
}

extension StanzaError {
    /// Whether the peer itself said no, as opposed to being out of reach.
    var isRefusal: Bool {
        switch self.condition {
        case .remoteServerNotFound, .remoteServerTimeout, .recipientUnavailable, .serviceUnavailable,
            .internalServerError, .resourceConstraint, .gone:
            false
        case .badRequest, .conflict, .featureNotImplemented, .forbidden, .itemNotFound, .jidMalformed,
            .notAcceptable, .notAllowed, .notAuthorized, .policyViolation, .redirect, .registrationRequired,
            .subscriptionRequired, .undefinedCondition, .unexpectedRequest:
            true
        }
    }

    /// Whether an answer to a ping proves that somebody is there.
    var isAnswerOfPeer: Bool {
        switch self.condition {
        case .featureNotImplemented, .serviceUnavailable, .forbidden, .notAllowed, .notAuthorized: true
        case .badRequest, .conflict, .gone, .internalServerError, .itemNotFound, .jidMalformed,
            .notAcceptable,
            .policyViolation, .recipientUnavailable, .redirect, .registrationRequired, .remoteServerNotFound,
            .remoteServerTimeout, .resourceConstraint, .subscriptionRequired, .undefinedCondition,
            .unexpectedRequest:
            false
        }
    }
}
