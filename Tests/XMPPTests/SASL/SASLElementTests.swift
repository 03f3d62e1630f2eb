import Cryptography
import Testing
import XML
import XMPP

@Suite("SASL elements and kept credentials")
struct SASLElementTests {
    @Test(
        "Elements come back",
        arguments: [
            SASLElement.auth(mechanism: "PLAIN", initialResponse: [0, 1, 255]),
            .auth(mechanism: "EXTERNAL", initialResponse: []),
            .auth(mechanism: "SCRAM-SHA-1", initialResponse: nil),
            .challenge([]), .challenge([1]), .response([]), .response([2]), .success(nil), .success([3]),
            .success([]), .abort,
        ] + SASLFailure.Condition.allCases.map { .failure(SASLFailure($0, text: "why")) })
    func roundTrip(element: SASLElement) throws {
        #expect(try SASLElement(parsing: element.element) == element)
        #expect(SASLElement.matches(element.element))
    }

    @Test(
        "What cannot be read is answered",
        arguments: [
            (Element("auth", namespace: Namespace.sasl, text: "AA=="), .invalidMechanism),
            (Element("response", namespace: Namespace.sasl, text: "AA"), .incorrectEncoding),
            (Element("response", namespace: Namespace.sasl, text: "A A="), .incorrectEncoding),
            (Element("authenticate", namespace: Namespace.sasl), .malformedRequest),
        ] as [(Element, SASLFailure.Condition)])
    func unreadable(element: Element, condition: SASLFailure.Condition) {
        let failure = #expect(throws: SASLFailure.self) { try SASLElement(parsing: element) }
        #expect(failure?.condition == condition)
    }

    @Test("An unknown failure is a failure")
    func unknownFailure() throws {
        let element = Element(
            "failure", namespace: Namespace.sasl, [:], [Element("brand-new", namespace: Namespace.sasl)])
        #expect(try SASLElement(parsing: element) == .failure(SASLFailure(.notAuthorized)))
    }

    @Test("Fake credentials are the same each time, differ by name, and fit no password")
    func fakes() {
        let first = SCRAMCredentials.fake(for: "nobody", secret: [1], hash: .sha256)
        #expect(first == SCRAMCredentials.fake(for: "nobody", secret: [1], hash: .sha256))
        #expect(first.salt != SCRAMCredentials.fake(for: "somebody", secret: [1], hash: .sha256).salt)
        #expect(first.salt != SCRAMCredentials.fake(for: "nobody", secret: [2], hash: .sha256).salt)
        #expect(first.salt.count == SCRAMCredentials.saltLength)
        #expect(first.iterations == SCRAMCredentials.usualIterations)
        #expect(!first.match(first.hashing(of: "nobody", hash: .sha256).perform()))
    }

    @Test("Passwords that cannot be prepared are refused", arguments: ["", "a\u{0}b", "tab\t"])
    func unusable(password: String) {
        #expect(throws: SCRAMError.unusablePassword) {
            try SCRAMCredentials.derive(password: password, salt: [1], iterations: 4_096, hash: .sha256)
        }
    }

    @Test("Spellings of one password are one password")
    func spellings() throws {
        let kept = try SCRAMCredentials.derive(
            password: "caf\u{e9} au\u{a0}lait", salt: [1], iterations: 4_096, hash: .sha256)
        #expect(kept.match(kept.hashing(of: "cafe\u{301} au lait", hash: .sha256).perform()))
        #expect(!kept.match(kept.hashing(of: "Café au lait", hash: .sha256).perform()))
        #expect(throws: SCRAMError.unusableIterations) {
            try SCRAMCredentials.derive(password: "x", salt: [1], iterations: 0, hash: .sha256)
        }
    }
}
