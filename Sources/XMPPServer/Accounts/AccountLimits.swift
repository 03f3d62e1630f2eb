/// How many accounts there may be and what their passwords must be like.
package struct AccountLimits: Hashable, Sendable {
    /// Accounts of a domain.
    ///
    /// All of them are held in memory with their rosters; a domain with more people is better served by a large XMPP
    /// server beside which Tradewind runs as a component.
    package var accounts: Int
    /// Characters of a password.
    package var passwordLength: ClosedRange<Int>
    /// Rounds of PBKDF2 for new passwords (RFC 7677 §4 asks for 4,096 at least; we for 10,000).
    package var iterations: Int

    /// The fewest rounds that `iterations` may be.
    package static let fewestIterations = 10_000

    package init(
        accounts: Int = 1_000, passwordLength: ClosedRange<Int> = 8...256, iterations: Int = 10_000
    ) {
        self.accounts = accounts
        self.passwordLength = passwordLength
        self.iterations = max(iterations, Self.fewestIterations)
    }
}
