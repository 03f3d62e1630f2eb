/// Why authentication ended without success (RFC 6120 §6.5).
package struct SASLFailure: Error, Hashable, Sendable {
    package enum Condition: String, Hashable, Sendable, CaseIterable {
        case aborted
        case accountDisabled = "account-disabled"
        case credentialsExpired = "credentials-expired"
        case encryptionRequired = "encryption-required"
        case incorrectEncoding = "incorrect-encoding"
        case invalidAuthzid = "invalid-authzid"
        case invalidMechanism = "invalid-mechanism"
        case malformedRequest = "malformed-request"
        case mechanismTooWeak = "mechanism-too-weak"
        case notAuthorized = "not-authorized"
        case temporaryAuthFailure = "temporary-auth-failure"
    }

    package var condition: Condition
    /// For people; never says whether it was the name or the password (RFC 6120 §13.11).
    package var text: String?

    package init(_ condition: Condition, text: String? = nil) {
        self.condition = condition
        self.text = text
    }
}
