package import CloudModel
import Cryptography

/// Finds out who a token belongs to.
package struct TokenTable: Sendable {
    private let tokens: [BearerToken]

    package init(_ tokens: [BearerToken]) {
        self.tokens = tokens
    }

    /// The caller behind an `Authorization` header; nil if it names nobody.
    ///
    /// Every token is compared, each in constant time, so that the answer's delay says nothing.
    package func caller(authorization: String?) -> GrantBook.Caller? {
        guard let authorization else { return nil }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let digest = HashFunction.sha256.digest(of: Array(parts[1].utf8))
        var found: GrantBook.Caller?
        for token in self.tokens where ConstantTime.areEqual(token.digest, digest) {
            found = token.caller
        }
        return found
    }
}
