import CloudModel
import Testing

@Suite("Grants of sites that are not allied")
struct GrantBookTests {
    private static let start = Permission("machine.start")
    private static let site = GrantBook.Caller(address: "tokyo.test", domain: "tokyo.test")
    private static let person = GrantBook.Caller(address: "bob@tokyo.test", domain: "tokyo.test")
    private static let named = GrantBook.Caller(address: "alice@tokyo.test", domain: "tokyo.test")

    private func book(_ suspensions: [String: GrantBook.Suspension]) -> GrantBook {
        GrantBook(
            grants: [
                Grant(subject: .address("tokyo.test"), permissions: .all, scope: .own),
                Grant(subject: .domain("tokyo.test"), permissions: .noun("machine"), scope: .own),
                Grant(subject: .address("alice@tokyo.test"), permissions: .all, scope: .site),
                Grant(subject: .role("partners"), permissions: .all, scope: .site),
            ], roles: ["partners": ["tokyo.test"]], suspensions: suspensions)
    }

    @Test("While it is allied each grant counts")
    func allied() {
        let book = self.book(["rome.test": .quarantined])
        #expect(book.scope(of: Self.start, for: Self.site) == .site)
        #expect(book.scope(of: Self.start, for: Self.person) == .own)
        #expect(book.scope(of: Self.start, for: Self.named) == .site)
    }

    @Test("After it left, neither its grants nor those of its domain count; a person's own do")
    func departed() {
        let book = self.book(["tokyo.test": .notAllied])
        #expect(book.scope(of: Self.start, for: Self.site) == nil)
        #expect(book.scope(of: Self.start, for: Self.person) == nil)
        #expect(book.scope(of: Self.start, for: Self.named) == .site)
        #expect(book.suspension(of: Self.site) == .notAllied)
        #expect(book.suspension(of: Self.named) == nil)
    }

    @Test("In quarantine nobody of its domain is believed")
    func quarantined() {
        let book = self.book(["tokyo.test": .quarantined])
        for caller in [Self.site, Self.person, Self.named] {
            #expect(book.scope(of: Self.start, for: caller) == nil)
            #expect(book.suspension(of: caller) == .quarantined)
        }
    }

    @Test("A site that is a client of another's server takes nobody of that server with it")
    func guest() {
        let book = self.book(["cloud@tokyo.test": .quarantined])
        #expect(book.scope(of: Self.start, for: Self.person) == .own)
        let guest = GrantBook.Caller(address: "cloud@tokyo.test", domain: "tokyo.test")
        #expect(book.scope(of: Self.start, for: guest) == nil)
    }
}
