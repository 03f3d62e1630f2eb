import CloudModel
package import Operations

extension OperationTable {
    /// Registers `grant.list`, `grant.add` and `grant.remove`.
    package mutating func registerGrants(_ keeper: GrantKeeper) {
        let site = self.site
        self.register("grant.list") { _, _ async throws(OperationError) in
            OperationResult(site: site, value: keeper.listed)
        }
        self.register("grant.add") { invocation, _ async throws(OperationError) in
            let grant = try Grant(
                subject: invocation.text("subject"), permissions: invocation.text("permissions"),
                scope: invocation.text("scope"))
            try await keeper.add(grant)
            return OperationResult(
                site: site,
                message: "\(grant.subject.text) may now \(grant.permissions.text) (\(grant.scope.text))")
        }
        self.register("grant.remove") { invocation, _ async throws(OperationError) in
            let grant = try Grant(
                subject: invocation.text("subject"), permissions: invocation.text("permissions"),
                scope: "site")
            try await keeper.remove(grant.subject, grant.permissions)
            return OperationResult(
                site: site,
                message: "\(grant.subject.text) may no longer \(grant.permissions.text) by that grant")
        }
    }
}
