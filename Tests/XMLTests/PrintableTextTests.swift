import Testing
import XML

@Suite("Text made printable")
struct PrintableTextTests {
    @Test("XML 1.0 §2.2: what is forbidden is replaced, all else stays as it is")
    func replaces() throws {
        let text = "a\u{0}\u{1B}[1m\t\n\r\u{7F}\u{FFFE}\u{FFFF}é\u{1F600}"
        let printable = PrintableText.replacingForbidden(in: text)
        #expect(printable == "a\u{FFFD}\u{FFFD}[1m\t\n\r\u{7F}\u{FFFD}\u{FFFD}é\u{1F600}")
        #expect(try !Element("a", namespace: "", text: printable).serializedText().isEmpty)
    }

    @Test("Each scalar below 32 is either printed or replaced", arguments: 0..<32)
    func controls(value: Int) throws {
        let scalar = try #require(Unicode.Scalar(UInt32(value)))
        let text = PrintableText.replacingForbidden(in: String(Character(scalar)))
        #expect(PrintableText.allows(scalar) == (text == String(Character(scalar))))
        #expect(try !Element("a", namespace: "", text: text).serializedText().isEmpty)
    }
}
