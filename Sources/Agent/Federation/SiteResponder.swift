package import CloudModel
import Federation
import Logging
package import XML
package import XMPP

/// Answers what coordinators ask of the site: reserve, commit, release, query.
///
/// Checks each request against the site's own grants, and logs it once.
package struct SiteResponder: Sendable {
    /// What a caller needs a grant for, named as grants name it; `reservation` and `machine` cover them.
    package enum Right {
        package static let reserve = Permission("reservation.reserve")
        package static let commit = Permission("reservation.commit")
        package static let release = Permission("reservation.release")
        package static let query = Permission("reservation.query")
        package static let machines = Permission("machine.list")
    }

    /// The requests that are answered, to be registered by.
    package static let requests: [(name: String, namespace: String)] = [
        (ReserveRequest.elementName, ReserveRequest.namespace),
        (CommitRequest.elementName, CommitRequest.namespace),
        (ReleaseRequest.elementName, ReleaseRequest.namespace),
        (ReservationQuery.elementName, ReservationQuery.namespace),
        (MachineQuery.elementName, MachineQuery.namespace),
        (RestartRequest.elementName, RestartRequest.namespace),
    ]

    private let service: SiteService
    private let grants: @Sendable () async -> GrantBook
    private let logger: Logger

    init(service: SiteService, grants: @escaping @Sendable () async -> GrantBook, logger: Logger) {
        self.service = service
        self.grants = grants
        self.logger = logger
    }

    /// Answers a request of `sender`, as the stream proved it.
    package func respond(
        to iq: IQ, request: Element, from sender: JID
    ) async throws(StanzaError) -> Element? {
        try await self.answer(request, from: sender)
    }

    /// The answer's payload.
    package func answer(_ request: Element, from sender: JID) async throws(StanzaError) -> Element {
        let caller = GrantBook.Caller(address: sender.bare.description, domain: sender.domain)
        do {
            let answer = try await self.perform(request, for: caller)
            self.logger.info("answered a request", metadata: self.metadata(request, caller))
            return answer
        } catch let error as PayloadError {
            self.logger.info("refused a malformed request", metadata: self.metadata(request, caller))
            throw StanzaError(.badRequest, text: error.problem)
        } catch let refusal as SiteRefusal {
            var metadata = self.metadata(request, caller)
            metadata["reason"] = "\(refusal.reason.rawValue)"
            metadata["message"] = "\(refusal.message)"
            self.logger.info("refused a request", metadata: metadata)
            throw Refusal(reason: refusal.reason, capacity: refusal.capacity).stanzaError(refusal.text)
        } catch {
            self.logger.error("a request failed", metadata: ["error": "\(error)"])
            throw StanzaError(.internalServerError)
        }
    }

    private func perform(_ request: Element, for caller: GrantBook.Caller) async throws -> Element {
        let holder = SiteID(caller.address)
        if ReserveRequest.matches(request) {
            let reserve = try ReserveRequest(parsing: request)
            _ = try await self.isAdmin(caller, Right.reserve)
            let reservation = try await self.service.reserve(
                SiteLedger.Request(
                    id: reserve.id, holder: holder, specification: reserve.specification,
                    replica: reserve.replica, holdFor: reserve.holdFor))
            return self.service.answer(with: reservation).element
        }
        if CommitRequest.matches(request) {
            let commit = try CommitRequest(parsing: request)
            let isAdmin = try await self.isAdmin(caller, Right.commit)
            let machine = try await self.service.commit(commit.id, by: holder, isAdmin: isAdmin)
            return MachineAnswer(machine: machine).element
        }
        if ReleaseRequest.matches(request) {
            let release = try ReleaseRequest(parsing: request)
            let isAdmin = try await self.isAdmin(caller, Right.release)
            let reservation = try await self.service.release(release.id, by: holder, isAdmin: isAdmin)
            return self.service.answer(with: reservation).element
        }
        if ReservationQuery.matches(request) {
            let query = try ReservationQuery(parsing: request)
            let isAdmin = try await self.isAdmin(caller, Right.query)
            let reservation = try await self.service.reservation(query.id, by: holder, isAdmin: isAdmin)
            return self.service.answer(with: reservation).element
        }
        if RestartRequest.matches(request) {
            let restart = try RestartRequest(parsing: request)
            // Whoever may have machines made may keep them running.
            _ = try await self.isAdmin(caller, Right.commit)
            let machine = try await self.service.restart(restart.machine, as: restart.replica, by: holder)
            return MachineAnswer(machine: machine).element
        }
        if MachineQuery.matches(request) {
            let query = try MachineQuery(parsing: request)
            _ = try await self.isAdmin(caller, Right.machines)
            return MachineList(of: try self.service.machines(heldBy: holder), answering: query).element
        }
        throw SiteRefusal(.badRequest, "\(self.service.site) does not know <\(request.name)/>")
    }

    /// Whether the caller acts for the whole site; throws if no grant allows it anything.
    private func isAdmin(
        _ caller: GrantBook.Caller, _ permission: Permission
    ) async throws(SiteRefusal) -> Bool {
        let book = await self.grants()
        if let suspension = book.suspension(of: caller) {
            throw SiteRefusal(.notGranted, suspension.reason(for: caller.address), next: suspension.next)
        }
        switch book.scope(of: permission, for: caller) {
        case .site: return true
        case .own: return false
        case .none:
            // Nothing about the site is told to somebody without grants.
            throw SiteRefusal(
                .notGranted, "\(self.service.site) grants \(caller.address) no \(permission.name)",
                next: "its owner can: grant add \(caller.address) \(permission.name)")
        }
    }

    private func metadata(_ request: Element, _ caller: GrantBook.Caller) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["request": "\(request.name)", "from": "\(caller.address)"]
        if let id = request[attribute: "id"] { metadata["id"] = "\(id)" }
        return metadata
    }
}
