import CloudModel
import Federation
import Gossip
package import Operations
import Synchronization
import XMPP

extension OperationTable {
    /// Registers `site.list`, `site.show`, `site.invite`, `site.accept` and `site.leave`.
    package mutating func registerSites(_ federation: FederationService, grants: GrantKeeper) {
        let site = self.site
        self.register("site.list") { _, _ async throws(OperationError) in
            try OperationResult(
                site: site, encoding: [federation.ownView] + federation.sites().map(SiteView.init))
        }
        self.register("site.show") { invocation, _ async throws(OperationError) in
            let peer = try Self.peer(in: invocation)
            if peer == site { return try OperationResult(site: site, encoding: federation.ownView) }
            guard let known = federation.knownSite(peer) else {
                throw OperationError(MembershipError.unknown(peer))
            }
            return try OperationResult(site: site, encoding: SiteView(known))
        }
        self.register("site.invite") { invocation, _ async throws(OperationError) in
            let peer = try Self.peer(in: invocation)
            try await Self.wish { try await federation.invite(peer, note: invocation["note"]?.string) }
            let allowed = try await Self.allow(peer, invocation.list("permissions"), in: grants)
            return OperationResult(
                site: site,
                message: "\(peer) is invited\(allowed); an admin there types: site accept \(site)")
        }
        self.register("site.accept") { invocation, _ async throws(OperationError) in
            let peer = try Self.peer(in: invocation)
            try await Self.wish { try await federation.accept(peer) }
            let allowed = try await Self.allow(peer, invocation.list("permissions"), in: grants)
            return OperationResult(site: site, message: "\(peer) is accepted\(allowed)")
        }
        self.register("site.leave") { invocation, _ async throws(OperationError) in
            let peer = try Self.peer(in: invocation)
            try await Self.wish { try await federation.leave(peer) }
            try await grants.removeAll(of: Self.subject(peer))
            return OperationResult(
                site: site,
                message: "the alliance of \(site) with \(peer) has ended; machines there go on running")
        }
    }

    private static func peer(in invocation: Invocation) throws(OperationError) -> SiteID {
        let text = try invocation.text("site")
        do {
            return try SiteID(preparing: text)
        } catch {
            throw OperationError(.badRequest, error.problem, next: "name a site such as paris.example")
        }
    }

    /// Everybody of a domain, or the one address of a site that is a client of somebody else's server.
    private static func subject(_ peer: SiteID) -> Grant.Subject {
        peer.address.contains("@") ? .address(peer.address) : .domain(peer.address)
    }

    /// Gives the site what the admin says, on what it makes itself; the end of a sentence about it.
    private static func allow(
        _ peer: SiteID, _ permissions: [String], in grants: GrantKeeper
    ) async throws(OperationError) -> String {
        guard !permissions.isEmpty else { return "" }
        for permission in permissions {
            let parsed = try Grant(subject: peer.address, permissions: permission, scope: "own")
            try await grants.add(
                Grant(subject: Self.subject(peer), permissions: parsed.permissions, scope: parsed.scope))
        }
        return " and may " + permissions.joined(separator: ", ") + " what is its own here"
    }

    private static func wish(
        _ wish: () async throws -> Void
    ) async throws(OperationError) {
        do {
            try await wish()
        } catch let error as MembershipError {
            throw OperationError(error)
        } catch {
            throw OperationError(.internalError, "the alliance could not be changed: \(error)")
        }
    }
}

extension OperationError {
    fileprivate init(_ error: MembershipError) {
        let code: Code =
            switch error {
            case .ownSite: .badRequest
            case .full: .tooMany
            case .unknown: .notFound
            case .notInvited, .awaitingThem, .alreadyMember: .conflict
            }
        self.init(code, error.description, next: error.next)
    }
}

extension FederationService {
    /// This site itself among the sites.
    var ownView: SiteView {
        SiteView(
            own: self.site, name: self.configuration.name, role: self.configuration.role, key: self.key,
            description: self.state.withLock { $0.described })
    }
}
