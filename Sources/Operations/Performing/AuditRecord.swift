package import CloudModel

/// Who asked for what, and how it ended: what an owner wants to read afterwards.
package struct AuditRecord: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case performed
        case failed(OperationError.Code)
    }

    package let operation: String
    /// The most characters of what a caller sent that are kept in one field.
    package static let textLimit = 1_024

    /// The arguments in JSON, without secrets and without the values of names that the operation does not know.
    package let arguments: String
    package let caller: String
    package let behalf: String?
    package let site: SiteID
    package let outcome: Outcome

    package init(_ invocation: Invocation, at site: SiteID, outcome: Outcome) {
        self.operation = String(invocation.operation.prefix(Self.textLimit))
        self.caller = invocation.caller.address
        self.behalf = invocation.behalf.map { String($0.prefix(Self.textLimit)) }
        self.site = site
        self.outcome = outcome
        let operation = Catalogue.operation(invocation.operation)
        var shown = Value.Object()
        for (name, value) in invocation.arguments.sorted(by: { $0.key < $1.key }) {
            // A mistyped name may stand before a password.
            shown[name] = operation?.parameter(name)?.isSecret == false ? value : "…"
        }
        self.arguments = String(Value.object(shown).json().prefix(Self.textLimit))
    }
}
