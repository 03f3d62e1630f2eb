import Cryptography
import Storage
import Testing
import XMPP

@testable import XMPPServer

@Suite("Iterations that names without an account claim")
struct IterationSharesTests {
    private static let secret: [UInt8] = [1, 2, 3]

    private static func claimed(_ shares: IterationShares, names: Int = 2_000) -> [Int: Int] {
        let claims = (0..<names).map { shares.iterations(claimedBy: "name\($0)", secret: Self.secret) }
        return Dictionary(claims.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test("Names claim each number as often as accounts have it; without accounts the one of the day")
    func shares() throws {
        #expect(Self.claimed(IterationShares(of: [], standard: 20_000)) == [20_000: 2_000])
        #expect(Self.claimed(IterationShares(of: [10_000], standard: 20_000)) == [10_000: 2_000])
        let mixed = IterationShares(of: [10_000, 20_000, 20_000, 20_000], standard: 20_000)
        let claims = Self.claimed(mixed)
        #expect(Set(claims.keys) == [10_000, 20_000])
        #expect((400...600).contains(try #require(claims[10_000])))
    }

    @Test("While passwords change, a name goes from the former number to the new and never back")
    func renewal() {
        var last: [Int] = []
        for renewed in 0...50 {
            let shares = IterationShares(
                of: Array(repeating: 10_000, count: 50 - renewed) + Array(repeating: 20_000, count: renewed),
                standard: 20_000)
            let claims = (0..<200).map { shares.iterations(claimedBy: "name\($0)", secret: Self.secret) }
            #expect(zip(last, claims).allSatisfy { $0 <= $1 })
            last = claims
        }
        #expect(Set(last) == [20_000])
    }

    @Test(
        "RFC 6120 §13.11, RFC 5802 §5.1: Accounts with the iterations of former days do not stand out by them"
    )
    func formerDays() async throws {
        let database = try Database()
        let strangers = (0..<40).map { "stranger\($0)" }
        try await TestServer.run(database: database, accounts: ["alice"]) { _ in }
        let more = ServerLimits(accounts: AccountLimits(iterations: 20_000))
        try await TestServer.run(database: database, limits: more, accounts: ["alice"]) { site in
            let accounts = site.server.accounts
            func iterations(_ name: String) -> Int {
                accounts.credentials(for: name, hash: .sha256).iterations
            }
            #expect(iterations("alice") == 10_000)
            #expect(Set(strangers.map(iterations)) == [10_000])
            let salts = strangers.map { accounts.credentials(for: $0, hash: .sha256).salt }
            try await accounts.create("bob", password: TestServer.password)
            #expect(iterations("bob") == 20_000)
            #expect(Set(strangers.map(iterations)) == [10_000, 20_000])
            try await accounts.setPassword("alice", to: TestServer.password)
            #expect(iterations("alice") == 20_000)
            #expect(Set(strangers.map(iterations)) == [20_000])
            // As with a changed password, the salt is another.
            let renewed = strangers.map { accounts.credentials(for: $0, hash: .sha256).salt }
            #expect(Set(salts).isDisjoint(with: renewed))
            // The two mechanisms say the same.
            for name in strangers + ["alice", "bob"] {
                #expect(accounts.credentials(for: name, hash: .sha1).iterations == iterations(name))
            }
        }
    }
}
