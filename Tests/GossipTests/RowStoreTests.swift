import CloudModel
import Gossip
import TestRandomness
import Testing

@Suite("Rows")
struct RowStoreTests {
    private let key = SiteKey(number: 1)
    private let now = Instant.seconds(0)

    private func store(_ limits: RowLimits = RowLimits()) -> RowStore {
        RowStore(proofs: HashProofs(key: SiteKey(number: 99)), limits: limits)
    }

    @Test("The newest by incarnation, then sequence, wins in whatever order rows arrive")
    func newest() {
        var store = self.store()
        #expect(store.receive(.make("a", 1, 5), key: self.key, now: self.now) == .accepted)
        #expect(store.receive(.make("a", 1, 6), key: self.key, now: self.now) == .accepted)
        #expect(store.receive(.make("a", 1, 6), key: self.key, now: self.now) == .duplicate)
        #expect(
            store.receive(.make("a", 1, 2), key: self.key, now: self.now) == .stale(held: .make("a", 1, 6)))
        #expect(store.receive(.make("a", 2, 1), key: self.key, now: self.now) == .accepted)
        #expect(
            store.receive(.make("a", 1, 9), key: self.key, now: self.now) == .stale(held: .make("a", 2, 1)))
        #expect(store.rows == [.make("a", 2, 1)])
    }

    @Test("A row that does not prove itself is dropped and says why")
    func rejected() {
        var store = self.store()
        var generator = SeededGenerator(seed: 1)
        #expect(store.receive(.make("a"), key: nil, now: self.now) == .rejected(.unknownOrigin))
        for _ in 0..<20 {
            let spoilt = Row.make("a").spoilt(using: &generator)
            #expect(store.receive(spoilt, key: self.key, now: self.now) == .rejected(.badSignature))
        }
        let other = Row.make("a", key: SiteKey(number: 2))
        #expect(store.receive(other, key: self.key, now: self.now) == .rejected(.keyChanged))
        #expect(
            store.receive(.make("a", 1, 1, "absurd"), key: self.key, now: self.now)
                == .rejected(.absurdContent("too good to be true")))
        #expect(store.rows.isEmpty)
        #expect(store.receive(.make("a", 1, 1, "x"), key: self.key, now: self.now) == .accepted)
        #expect(store.receive(.make("a", 1, 1, "y"), key: self.key, now: self.now) == .rejected(.conflicting))
    }

    @Test("A row signed for one site is no row of another")
    func transplanted() {
        var store = self.store()
        let row = Row.make("a")
        let moved = Row(
            origin: "b", version: row.version, lifetime: row.lifetime, schema: row.schema,
            payload: row.payload,
            key: row.key, signature: row.signature)
        #expect(store.receive(moved, key: self.key, now: self.now) == .rejected(.badSignature))
    }

    @Test("Limits hold at their edges")
    func limits() {
        var limits = RowLimits()
        limits.payload = 4
        limits.schema = 6
        limits.version = 10
        limits.sites = 2
        var store = self.store(limits)
        func receive(_ row: Row) -> RowStore.OnReceipt { store.receive(row, key: self.key, now: self.now) }
        #expect(receive(.make("a", 1, 1, "1234")) == .accepted)
        #expect(receive(.make("a", 1, 2, "12345")) == .rejected(.tooLarge))
        #expect(receive(.make("a", 1, 2, "1", schema: "test:12")) == .rejected(.tooLarge))
        #expect(receive(.make("a", 1, 2, "1", lifetime: .zero)) == .rejected(.tooLarge))
        #expect(receive(.make("a", 10, 10, "1")) == .accepted)
        #expect(receive(.make("a", 11, 1, "1")) == .rejected(.absurdVersion))
        #expect(receive(.make("a", 10, 11, "1")) == .rejected(.absurdVersion))
        #expect(receive(.make("b", 1, 1, "1")) == .accepted)
        #expect(receive(.make("c", 1, 1, "1")) == .rejected(.full))
    }

    @Test("A row is relied upon for its lifetime, at most a minute, from its receipt")
    func expiry() {
        var store = self.store()
        _ = store.receive(.make("a", lifetime: .seconds(30)), key: self.key, now: self.now)
        #expect(store["a"]?.expires == .seconds(30))
        _ = store.receive(.make("a", 1, 2, lifetime: .seconds(86_400)), key: self.key, now: self.now)
        #expect(store["a"]?.expires == .seconds(60))
        store.shiftTimes(by: .seconds(3_600))
        #expect(store["a"]?.expires == .seconds(3_660))
        #expect(store["a"]?.received == .seconds(3_600))
    }

    @Test("A removed row does not come back by a relay; a later one of its owner does")
    func tombstone() {
        var store = self.store()
        _ = store.receive(.make("a", 1, 5), key: self.key, now: self.now)
        store.remove("a")
        #expect(store.receive(.make("a", 1, 5), key: self.key, now: self.now) == .duplicate)
        #expect(
            store.receive(.make("a", 1, 4), key: self.key, now: self.now) == .stale(held: .make("a", 1, 5)))
        #expect(
            store.receive(.make("a", 1, 5, "other"), key: self.key, now: self.now) == .rejected(.conflicting))
        #expect(store["a"] == nil)
        #expect(store.receive(.make("a", 1, 6), key: self.key, now: self.now) == .accepted)
    }

    @Test("Under another key an origin counts anew: what the old one signed binds it no longer")
    func tombstoneOfAnotherKey() {
        var store = self.store()
        let other = SiteKey(number: 2)
        _ = store.receive(.make("a", 7, 900), key: self.key, now: self.now)
        store.remove("a")
        #expect(store.receive(.make("a", 7, 901), key: other, now: self.now) == .rejected(.keyChanged))
        #expect(store.receive(.make("a", 1, 1, key: other), key: other, now: self.now) == .accepted)
        #expect(store.receive(.make("a", 7, 900), key: other, now: self.now) == .rejected(.keyChanged))
        #expect(store["a"]?.row.version == RowVersion(incarnation: 1, sequence: 1))
    }

    @Test("A row from disk is verified, counts as expired, and comes to life when it is heard again")
    func restored() {
        var store = self.store()
        var generator = SeededGenerator(seed: 2)
        let spoilt = Row.make("b").spoilt(using: &generator)
        #expect(store.restore(spoilt, key: self.key, now: self.now) == .badSignature)
        #expect(store.restore(.make("a", 3, 3), key: self.key, now: self.now) == nil)
        #expect(store["a"]?.received == nil && store["a"]?.expires == self.now)
        #expect(
            store.receive(.make("a", 3, 2), key: self.key, now: self.now) == .stale(held: .make("a", 3, 3)))
        #expect(store.receive(.make("a", 3, 3), key: self.key, now: self.now) == .accepted)
        #expect(store["a"]?.expires == .seconds(30))
    }

    @Test(
        "Shuffled, repeated, lost and forged rows: every store ends with the newest valid row",
        arguments: 0 as UInt64..<200)
    func convergence(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let origins: [SiteID] = ["a", "b", "c"]
        var newest: [SiteID: Row] = [:]
        var sent: [Row] = []
        for (number, origin) in origins.enumerated() {
            for incarnation in 1...3 as ClosedRange<UInt64> {
                for sequence in 1...UInt64.random(in: 1...6, using: &generator) {
                    let key = SiteKey(number: UInt8(number))
                    let row = Row.make(origin, incarnation, sequence, "\(generator.next())", key: key)
                    sent.append(row)
                    newest[origin] = row
                }
            }
        }
        for _ in 0..<3 {
            var store = self.store()
            var arriving = sent.filter { _ in Int.random(in: 0..<10, using: &generator) < 7 }
            arriving += arriving.filter { _ in Bool.random(using: &generator) }
            for row in sent where Bool.random(using: &generator) {
                arriving.append(row.spoilt(using: &generator))
            }
            for origin in origins { arriving.append(.make(origin, 9, 9, "forged", key: SiteKey(number: 66))) }
            arriving += newest.values
            for row in arriving.shuffled(using: &generator) {
                let number = origins.firstIndex(of: row.origin) ?? 0
                let before = store[row.origin]?.row.version
                _ = store.receive(row, key: SiteKey(number: UInt8(number)), now: self.now)
                if let before, let after = store[row.origin]?.row.version { #expect(after >= before) }
            }
            #expect(Dictionary(uniqueKeysWithValues: store.rows.map { ($0.origin, $0) }) == newest)
        }
    }
}
