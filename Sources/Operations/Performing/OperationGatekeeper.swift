package import CloudModel

/// A performer that can say beforehand whether somebody may ask for something.
package protocol OperationGatekeeper: OperationPerformer {
    /// How far the caller's grant reaches at present; throws, as performing it would, if nothing allows it.
    func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope
}
