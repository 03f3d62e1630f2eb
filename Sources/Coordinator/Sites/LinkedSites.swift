package import CloudModel
import Cryptography
import Federation
import Operations
import XML
import XMPP
package import XMPPTransport

/// The sites behind an XMPP link, each asked a limited number of things at once (``SiteTurns``).
package struct LinkedSites: SiteAccess {
    private let link: any XMPPLink
    private let turns: SiteTurns
    private let snapshot: @Sendable () async -> AllianceView

    /// Sites that are asked over `link`; `view` is what the federation knows of them.
    package init(
        link: any XMPPLink, turns: SiteTurns = SiteTurns(),
        view snapshot: @escaping @Sendable () async -> AllianceView
    ) {
        self.link = link
        self.turns = turns
        self.snapshot = snapshot
    }

    package func view() async -> AllianceView {
        await self.snapshot()
    }

    package func ask(
        _ request: SiteRequest, of site: SiteID, timeout: Duration
    ) async -> Result<SiteAnswer, SiteFailure> {
        let address: JID
        do {
            address = try site.jid()
        } catch {
            return .failure(.unreachable("\(site) is no address"))
        }
        guard let turn = await self.turns.begin(at: site, for: request.turnKind) else {
            return .failure(.notAsked("it left another request unanswered"))
        }
        let answer = await self.ask(request, at: address, timeout: timeout)
        let isSilent = if case .failure(.silent) = answer { true } else { false }
        self.turns.end(turn, at: site, isSilent: isSilent)
        return answer
    }

    private func ask(
        _ request: SiteRequest, at address: JID, timeout: Duration
    ) async -> Result<SiteAnswer, SiteFailure> {
        var generator = SecureRandom()
        let id = IQ.id(randomUsing: &generator)
        let answer: IQ
        do {
            answer = try await self.link.request(
                IQ(to: address, id: id, body: request.body), timeout: timeout)
        } catch let error as StanzaError {
            return .failure(SiteFailure(error))
        } catch {
            return .failure(.silent("\(error)"))
        }
        switch answer.body {
        case .result(let element): return Self.read(element, answering: request)
        case .error(let error): return .failure(SiteFailure(error))
        case .get, .set: return .failure(.silent("the answer to \(id) is no answer"))
        }
    }

    private static func read(
        _ element: Element?, answering request: SiteRequest
    ) -> Result<SiteAnswer, SiteFailure> {
        if case .delete = request { return .success(.deleted) }
        guard let element else { return .failure(.silent("the answer is empty")) }
        do throws(PayloadError) {
            switch request {
            case .reserve, .query, .release:
                let answer = try ReservationAnswer(parsing: element)
                return .success(.reservation(answer.reservation, generation: answer.generation))
            case .commit, .restart: return .success(.machine(try MachineAnswer(parsing: element).machine))
            case .machines: return .success(.machines(try MachineList(parsing: element)))
            case .delete: return .success(.deleted)
            }
        } catch {
            return .failure(.silent("the answer makes no sense: \(error.problem)"))
        }
    }
}

extension SiteRequest {
    /// The request as it travels; what changes nothing is a get.
    fileprivate var body: IQ.Body {
        switch self {
        case .reserve(let request): .set(request.element)
        case .commit(let request): .set(request.element)
        case .release(let request): .set(request.element)
        case .restart(let request): .set(request.element)
        case .query(let request): .get(request.element)
        case .machines(let request): .get(request.element)
        case .delete(let machine, let behalf):
            .set(
                Invoke(
                    operation: "machine.delete", arguments: ["machine": .string(machine.description)],
                    behalf: behalf, idempotencyKey: nil
                ).element)
        }
    }
}

extension SiteFailure {
    /// What a stanza error says about the fate of the request.
    init(_ error: StanzaError) {
        let text = error.text ?? error.condition.rawValue
        if let refusal = Refusal(in: error) {
            let text = error.text ?? refusal.reason.rawValue
            self =
                refusal.reason == .notFound
                ? .absent : .refused(text, capacity: refusal.capacity, reason: refusal.reason)
            return
        }
        switch error.condition {
        case .itemNotFound: self = .absent
        case .remoteServerNotFound, .recipientUnavailable, .serviceUnavailable: self = .unreachable(text)
        case .resourceConstraint where error.detail == nil: self = .notAsked(text)
        case .remoteServerTimeout: self = .silent("no answer in time")
        case .internalServerError, .undefinedCondition: self = .silent(text)
        case .badRequest, .conflict, .featureNotImplemented, .forbidden, .gone, .jidMalformed,
            .notAcceptable, .notAllowed, .notAuthorized, .policyViolation, .redirect,
            .registrationRequired, .resourceConstraint, .subscriptionRequired, .unexpectedRequest:
            self = .refused(text, capacity: nil)
        }
    }
}
