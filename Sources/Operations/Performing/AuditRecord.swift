package import CloudModel

/// Who asked for what, and how it ended: what an owner wants to read afterwards.
package struct AuditRecord: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case performed
        case failed(OperationError.Code)
    }

    package let operation: String
    /// The arguments in JSON, without secrets.
    package let arguments: String
    package let caller: String
    package let behalf: String?
    package let site: SiteID
    package let outcome: Outcome

    package init(_ invocation: Invocation, at site: SiteID, outcome: Outcome) {
        self.operation = invocation.operation
        self.caller = invocation.caller.address
        self.behalf = invocation.behalf
        self.site = site
        self.outcome = outcome
        let secrets =
            Catalogue.operation(invocation.operation)?.parameters.filter(\.isSecret).map(\.name) ?? []
        var shown = Value.Object()
        for (name, value) in invocation.arguments.sorted(by: { $0.key < $1.key }) {
            shown[name] = secrets.contains(name) ? "…" : value
        }
        self.arguments = Value.object(shown).json()
    }
}
