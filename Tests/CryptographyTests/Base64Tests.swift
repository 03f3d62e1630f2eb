import Cryptography
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "The examples of RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func examples(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test("Bytes of every length come back", arguments: 0...300)
    func roundTrip(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ length) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }

    @Test(
        "What encode would not write is refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_", "Ⅷ",
            "=Zg=",
        ])
    func garbage(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
