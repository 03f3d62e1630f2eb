package import CloudModel
import Federation
import Gossip
package import Operations
import XMPP

extension OperationTable {
    /// What an allied site may do here unless the invitation says otherwise: hold room and run machines of its own.
    package static let usualAlliancePermissions = ["reservation", "machine"]

    /// Registers `site.list`, `site.show`, `site.load`, `site.invite`, `site.accept` and `site.leave`.
    ///
    /// `own` is what this site says about itself, and `load` what its hosts do; nil for a process without a site.
    package mutating func registerSites(
        _ federation: FederationService, grants: GrantKeeper,
        load: @escaping @Sendable () async -> LoadReport? = { nil },
        own: @escaping @Sendable () async -> SiteDescription?
    ) {
        let here = self.site
        self.register("site.load") { invocation, _ async throws(OperationError) in
            let site = try invocation["site"] == nil ? here : Self.site(invocation)
            let report: LoadReport
            if site == here {
                report = try Self.known(await load(), at: here)
            } else {
                report = try Self.load(of: site, federation)
            }
            return try OperationResult(site: here, encoding: report, message: report.message)
        }
        self.register("site.list") { _, _ async throws(OperationError) in
            var rows: [Value] = []
            if let own = await own() { rows.append(try Self.row(own)) }
            for site in federation.sites() { rows.append(try Self.row(site)) }
            return OperationResult(site: here, value: .array(rows))
        }
        self.register("site.show") { invocation, _ async throws(OperationError) in
            let site = try Self.site(invocation)
            if site == here, let own = await own() {
                return OperationResult(site: here, value: try Self.row(own))
            }
            guard let known = federation.knownSite(site) else {
                throw OperationError(
                    .notFound, "\(site) is not known here", next: "see: site list, or site invite \(site)")
            }
            return OperationResult(site: here, value: try Self.row(known))
        }
        self.registerJoining(federation, grants: grants)
    }

    private mutating func registerJoining(_ federation: FederationService, grants: GrantKeeper) {
        let here = self.site
        self.register("site.invite") { invocation, _ async throws(OperationError) in
            let site = try Self.site(invocation)
            let note = invocation["note"]?.string
            let wished = try Self.grants(invocation, to: site)
            try await Self.joining { try await federation.invite(site, note: note) }
            let given = try await Self.give(wished, to: site, in: grants)
            return OperationResult(
                site: here,
                message: "\(site) is invited and may \(given) here; its owner says: site accept \(here)")
        }
        self.register("site.accept") { invocation, _ async throws(OperationError) in
            let site = try Self.site(invocation)
            let wished = try Self.grants(invocation, to: site)
            try await Self.joining { try await federation.accept(site) }
            let given = try await Self.give(wished, to: site, in: grants)
            return OperationResult(site: here, message: "\(site) is accepted and may \(given) here")
        }
        self.register("site.leave") { invocation, _ async throws(OperationError) in
            let site = try Self.site(invocation)
            try await Self.joining { try await federation.leave(site) }
            try await grants.removeAll(of: .address(site.address))
            return OperationResult(
                site: here, message: "the alliance with \(site) is ended; what runs there goes on running")
        }
    }

    /// The other site's permissions, on what it makes itself.
    private static func grants(_ invocation: Invocation, to site: SiteID) throws(OperationError) -> [Grant] {
        let wished = invocation.list("permissions")
        let permissions = wished.isEmpty ? Self.usualAlliancePermissions : wished
        var grants: [Grant] = []
        for name in permissions {
            grants.append(try Grant(subject: site.address, permissions: name, scope: "own"))
        }
        return grants
    }

    /// Gives them once the alliance has taken the site: a refused invitation leaves nothing behind.
    ///
    /// For the answer all that the site may do here now, what it was granted before included.
    private static func give(
        _ grants: [Grant], to site: SiteID, in keeper: GrantKeeper
    ) async throws(OperationError) -> String {
        for grant in grants { try await keeper.add(grant) }
        return keeper.grants(of: .address(site.address)).map { grant in
            grant.scope == .own ? grant.permissions.text : "\(grant.permissions.text) (whole site)"
        }.joined(separator: ", ")
    }

    /// The address of a site that an argument holds.
    static func site(
        _ invocation: Invocation, _ parameter: String = "site"
    ) throws(OperationError) -> SiteID {
        let text = try invocation.text(parameter)
        do {
            let address = try JID(text)
            guard address.isBare else {
                throw OperationError(.badRequest, "\(text.quoted) has a resource; a site's address has none")
            }
            return SiteID(address.description)
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError(.badRequest, "\(text.quoted) is no address of a site: \(error)")
        }
    }

    private static func joining(_ body: () async throws -> Void) async throws(OperationError) {
        do {
            try await body()
        } catch let error as MembershipError {
            let code: OperationError.Code =
                switch error {
                case .unknown, .notInvited: .notFound
                case .ownSite: .badRequest
                case .full: .tooMany
                case .awaitingThem, .alreadyMember: .conflict
                }
            throw OperationError(code, error.description, next: error.next)
        } catch {
            throw OperationError(.internalError, "the alliance was not changed: \(error)")
        }
    }

    private static func known(_ load: LoadReport?, at site: SiteID) throws(OperationError) -> LoadReport {
        guard let load else {
            throw OperationError(
                .unavailable, "\(site) has measured no hosts",
                next: "name another site, or ask again once its hypervisor has been reached")
        }
        return load
    }

    /// What another site tells everybody; its history is its own to show.
    private static func load(
        of site: SiteID, _ federation: FederationService
    ) throws(OperationError) -> LoadReport {
        guard let description = federation.knownSite(site)?.description else {
            throw OperationError(
                .notFound, "nothing is known of the load of \(site)", next: "site list shows who is heard")
        }
        return LoadReport(description)
    }

    private static func row(_ own: SiteDescription) throws(OperationError) -> Value {
        var row = try Self.members(of: own)
        row["standing"] = "this site"
        return .object(row)
    }

    private static func row(_ known: KnownSite) throws(OperationError) -> Value {
        var row = Value.Object()
        if let description = known.description { row = try Self.members(of: description) }
        row["site"] = .string(known.id.address)
        row["name"] = .string(known.name)
        row["standing"] = .string(known.standing.rawValue)
        row["role"] = known.role.map { .string($0.rawValue) }
        row["reachability"] = .string(known.reachability.rawValue)
        row["isCurrent"] = .bool(known.isCurrent)
        row["roundTrip"] = known.roundTrip.map { .double(Double($0.wholeMicroseconds) / 1_000) }
        row["lastHeard"] = known.lastHeard.map { .integer($0.millisecondsSinceEpoch) }
        row["reason"] = known.reason.map(Value.string)
        return .object(row)
    }

    private static func members(of description: SiteDescription) throws(OperationError) -> Value.Object {
        do {
            return try ValueEncoder().encode(description).object ?? Value.Object()
        } catch {
            throw OperationError(.internalError, "the description could not be written: \(error)")
        }
    }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
