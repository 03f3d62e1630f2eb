package import CloudModel

/// One request to perform an operation, from whichever face it came.
package struct Invocation: Hashable, Sendable {
    /// The name in the catalogue.
    package let operation: String
    package var arguments: [String: Value]
    /// Who asks, as the stream or the token proved it.
    package let caller: GrantBook.Caller
    /// Where it shall happen; nil for here.
    package var site: SiteID?
    /// Chosen by the caller: a second request with the same key must not act a second time.
    package var idempotencyKey: String?
    /// On whose behalf a site asks; for the record only, it grants nothing.
    package var behalf: String?
    /// How far the caller's grant reaches; set by `OperationTable` before the handler sees it.
    package var scope: Grant.Scope
    /// Whether the face tells a feed's items as they come, for as long as the caller stays.
    package var isLive = false

    package init(
        operation: String, arguments: [String: Value] = [:], caller: GrantBook.Caller, site: SiteID? = nil,
        idempotencyKey: String? = nil, behalf: String? = nil, scope: Grant.Scope = .own
    ) {
        self.operation = operation
        self.arguments = arguments
        self.caller = caller
        self.site = site
        self.idempotencyKey = idempotencyKey
        self.behalf = behalf
        self.scope = scope
    }
}

extension Invocation {
    /// The argument, which the table has already checked against the catalogue.
    package subscript(name: String) -> Value? { self.arguments[name] }

    /// A text that the catalogue says is required.
    package func text(_ name: String) throws(OperationError) -> String {
        guard let text = self.arguments[name]?.string else { throw self.missing(name) }
        return text
    }

    package func integer(_ name: String) throws(OperationError) -> Int64 {
        guard let number = self.arguments[name]?.integer else { throw self.missing(name) }
        return number
    }

    package func size(_ name: String) throws(OperationError) -> Mebibytes {
        Mebibytes(try self.integer(name))
    }

    /// The entries of a list; empty if it was not given.
    package func list(_ name: String) -> [String] {
        self.arguments[name]?.array?.compactMap(\.string) ?? []
    }

    package func flag(_ name: String) -> Bool {
        self.arguments[name]?.bool ?? false
    }

    private func missing(_ name: String) -> OperationError {
        OperationError(.badRequest, "\(self.operation) needs \(name)")
    }
}
