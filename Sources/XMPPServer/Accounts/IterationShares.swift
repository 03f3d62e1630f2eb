import Cryptography

/// How many accounts have which number of PBKDF2 iterations, so that names without an account can claim them as often.
///
/// Whoever raises the iterations leaves the accounts there are with the former number until their passwords change.
/// SCRAM tells that number to everybody who gives the name (RFC 5802 §5.1): if all other names claimed the new one, the
/// former would say that there is an account.
struct IterationShares: Hashable, Sendable {
    /// The fewest first, so that while passwords change a name goes from the former to the new and never back.
    private let shares: [Share]
    private let accounts: Int
    private let standard: Int

    private struct Share: Hashable, Sendable {
        let iterations: Int
        let accounts: Int
    }

    /// `iterations` are those of each account; `standard` is claimed where there are no accounts.
    init(of iterations: [Int], standard: Int) {
        let counted = Dictionary(iterations.map { ($0, 1) }, uniquingKeysWith: +)
        self.shares = counted.sorted { $0.key < $1.key }.map { Share(iterations: $0.key, accounts: $0.value) }
        self.accounts = iterations.count
        self.standard = standard
    }

    /// The iterations that a name without an account claims, the same each time as long as the accounts are the same.
    ///
    /// `secret` is the server's own: nobody else can tell which number the name has to have.
    func iterations(claimedBy name: String, secret: [UInt8]) -> Int {
        guard self.accounts > 0 else { return self.standard }
        let code = HashFunction.sha256.authenticationCode(
            for: Array("iterations\u{0}\(name)".utf8), key: secret)
        let number = code.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // A place among the accounts: 32 random bits over at most as many accounts as fit in memory.
        var place = Int((number * UInt64(self.accounts)) >> 32)
        for share in self.shares {
            if place < share.accounts { return share.iterations }
            place -= share.accounts
        }
        return self.standard
    }
}
