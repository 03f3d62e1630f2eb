package import CloudModel

/// A token that stands for somebody (RFC 6750): only its SHA-256 is kept.
package struct BearerToken: Hashable, Sendable {
    /// A name for people and logs: `deploy script`.
    package let label: String
    /// Whose grants count.
    package let caller: GrantBook.Caller
    /// The SHA-256 of the token's UTF-8 bytes.
    package let digest: [UInt8]

    package init(label: String, caller: GrantBook.Caller, digest: [UInt8]) {
        self.label = label
        self.caller = caller
        self.digest = digest
    }
}
