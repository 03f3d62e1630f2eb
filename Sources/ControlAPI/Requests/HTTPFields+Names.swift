import HTTPTypes

extension HTTPField.Name {
    /// What makes a repeated request harmless.
    static let idempotencyKey = Self("Idempotency-Key") ?? .ifMatch
}
