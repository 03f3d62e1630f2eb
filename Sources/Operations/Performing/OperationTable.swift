package import CloudModel

/// What this process performs: name → handler, with the grant checked before the handler is called.
///
/// Filled by the roles while the process is put together, then handed to the faces; it never changes
/// afterwards.
package struct OperationTable: OperationGatekeeper {
    /// Performs one operation whose grant and arguments have been checked.
    package typealias Handler =
        @Sendable (Invocation, @escaping ProgressSink) async throws(OperationError) -> OperationResult

    /// The site this process is.
    package let site: SiteID
    private var handlers: [String: Handler] = [:]
    private let grants: @Sendable () async throws(OperationError) -> GrantBook
    private let remote: (any OperationPerformer)?
    private let audit: @Sendable (AuditRecord) async -> Void

    /// A table with nothing in it.
    ///
    /// `grants` is asked before every operation, so that a change counts at once; `remote` performs at other
    /// sites.
    package init(
        site: SiteID, grants: @escaping @Sendable () async throws(OperationError) -> GrantBook,
        remote: (any OperationPerformer)? = nil,
        audit: @escaping @Sendable (AuditRecord) async -> Void = { _ in }
    ) {
        self.site = site
        self.grants = grants
        self.remote = remote
        self.audit = audit
    }

    /// Says how `operation` is performed here; the name must be in the catalogue and be registered once.
    package mutating func register(_ operation: String, _ handler: @escaping Handler) {
        precondition(Catalogue.operation(operation) != nil, "\(operation) is not in the catalogue")
        precondition(self.handlers[operation] == nil, "\(operation) is registered twice")
        self.handlers[operation] = handler
    }

    /// The operations that somebody performs here, in the order of the catalogue.
    package var offered: [Operation] {
        Catalogue.operations.filter { self.handlers[$0.name] != nil }
    }

    /// The operations that are offered here and that `caller` may perform.
    package func permitted(to caller: GrantBook.Caller) async throws(OperationError) -> [Operation] {
        let book = try await self.grants()
        return self.offered.filter { Self.scope(of: $0, for: caller, in: book) != nil }
    }

    /// How far `caller` may go with `operation`; nil if no grant allows it.
    private static func scope(
        of operation: Operation, for caller: GrantBook.Caller, in book: GrantBook
    ) -> Grant.Scope? {
        let scope = book.scope(of: operation.permission, for: caller)
        return scope == .own && !operation.heedsOwnership ? nil : scope
    }

    package func perform(
        _ invocation: Invocation, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        try await self.recordingFailure(of: invocation) { () throws(OperationError) in
            let result = try await self.performed(invocation, progress: progress)
            await self.audit(AuditRecord(invocation, at: invocation.site ?? self.site, outcome: .performed))
            return result
        }
    }

    package func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope {
        try await self.recordingFailure(of: invocation) { () throws(OperationError) in
            try await self.granted(invocation).scope
        }
    }

    private func recordingFailure<Result>(
        of invocation: Invocation, _ body: () async throws(OperationError) -> Result
    ) async throws(OperationError) -> Result {
        do throws(OperationError) {
            return try await body()
        } catch {
            let site = invocation.site ?? self.site
            await self.audit(AuditRecord(invocation, at: site, outcome: .failed(error.code)))
            var error = error
            error.site = error.site ?? site
            throw error
        }
    }

    /// What is asked for, and how far the caller may go with it.
    private func granted(
        _ invocation: Invocation
    ) async throws(OperationError) -> (operation: Operation, scope: Grant.Scope) {
        guard let operation = Catalogue.operation(invocation.operation) else {
            throw Catalogue.unknown(invocation.operation)
        }
        let caller = invocation.caller
        let book = try await self.grants()
        if let suspension = book.suspension(of: caller) {
            throw OperationError(
                .forbidden, suspension.reason(for: caller.address), next: suspension.next)
        }
        guard let scope = Self.scope(of: operation, for: caller, in: book) else {
            throw OperationError(
                .forbidden, "no grant allows \(caller.address) to \(operation.phrase) at \(self.site)",
                next: "ask an administrator of \(self.site) for: "
                    + "grant add \(caller.address) \(operation.name)")
        }
        return (operation, scope)
    }

    private func performed(
        _ invocation: Invocation, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let (operation, scope) = try await self.granted(invocation)
        var checked = invocation
        checked.arguments = try operation.checked(invocation.arguments)
        checked.scope = scope
        if let site = invocation.site, site != self.site {
            return try await self.performElsewhere(checked, at: site, progress: progress)
        }
        guard let handler = self.handlers[operation.name] else {
            throw OperationError(
                .notOffered, "\(self.site) does not offer \(operation.phrase)",
                next: operation.role == .coordinator
                    ? "ask a coordinator" : "name a site that does: at=SITE")
        }
        return try await handler(checked, progress)
    }

    /// Another site sees this site as the caller, so only those may ask through it whose grant covers the
    /// whole site.
    private func performElsewhere(
        _ invocation: Invocation, at site: SiteID, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        guard invocation.scope == .site else {
            throw OperationError(
                .forbidden, "\(invocation.caller.address) may act at \(self.site) only, not at \(site)",
                next: "leave out at=\(site), or ask for a grant on the whole site")
        }
        guard let remote else {
            throw OperationError(.notOffered, "\(self.site) reaches no other sites")
        }
        var forwarded = invocation
        forwarded.behalf = invocation.caller.address
        forwarded.idempotencyKey = invocation.idempotencyKey.map { key in
            Invoke.forwardedKey(key, of: invocation.caller)
        }
        return try await remote.perform(forwarded, progress: progress)
    }
}
