import Testing

@testable import XMPP

@Suite("Names in certificates")
struct CertificateNamesTests {
    @Test(
        "RFC 9525 §6.3: A DNS name proves its domain, a wildcard exactly one label",
        arguments: [
            ("a.test", "a.test", true), ("A.Test.", "a.test", true), ("a.test", "b.a.test", false),
            ("*.a.test", "b.a.test", true), ("*.a.test", "a.test", false), ("*.a.test", "c.b.a.test", false),
            ("*.test", "a.test", false), ("*", "a.test", false), ("b*.a.test", "bc.a.test", false),
            ("b.*.test", "b.a.test", false), ("", "", false), ("*.a.test", ".a.test", false),
        ])
    func dns(pattern: String, domain: String, expected: Bool) {
        #expect(CertificateNames(dns: [pattern]).prove(domain, as: .server) == expected)
    }

    @Test("RFC 9525 §6.5: A service name counts for its own service only")
    func services() {
        let names = CertificateNames(services: ["_xmpp-server.a.test"])
        #expect(names.prove("a.test", as: .server))
        #expect(!names.prove("a.test", as: .client))
        #expect(!names.prove("b.test", as: .server))
    }

    @Test("RFC 6120 §13.7.1.4: An XMPP address in a certificate proves the domain it is")
    func addresses() {
        #expect(CertificateNames(addresses: ["a.test"]).prove("a.test", as: .server))
        #expect(!CertificateNames(addresses: ["u@a.test"]).prove("a.test", as: .server))
    }

    @Test(
        "RFC 9525 §6.3: Only a trusted certificate proves anything, and names beyond ASCII are compared in their ASCII form"
    )
    func trust() {
        let names = CertificateNames(dns: ["a.test", "xn--mnchen-3ya.test"])
        var facts = TLSFacts(
            version: "TLSv1.3", cipher: "", peer: .init(names: names, verification: .trusted))
        #expect(facts.proves("a.test", as: .server))
        #expect(facts.proves("münchen.test", as: .server))
        facts.peer?.verification = .untrusted(reason: "expired")
        #expect(!facts.proves("a.test", as: .server))
        facts.peer = nil
        #expect(!facts.proves("a.test", as: .server))
    }
}
