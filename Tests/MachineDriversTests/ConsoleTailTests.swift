import CloudModel
import MachineDrivers
import TestRandomness
import Testing
import XML

@Suite("The end of a console")
struct ConsoleTailTests {
    @Test(
        "Escape sequences are left out, line ends are \\n, other controls are replaced",
        arguments: [
            ("\u{1B}[1;31mred\u{1B}[0m", "red"), ("\u{1B}[2J\u{1B}[Hclear", "clear"),
            ("a\u{1B}]0;title\u{07}b", "ab"), ("a\u{1B}]0;title\u{1B}\\b", "ab"), ("\u{1B}(Ba", "a"),
            ("\u{1B}cb", "b"), ("\u{9B}31mc", "c"), ("\u{1B}[3\u{1B}[1md", "d"), ("e\u{1B}", "e"),
            ("\u{1B}Pnoise\nf", "f"),
            ("a\r\nb\r\r\nc\nd\re", "a\nb\nc\nd\ne"), ("a\n\nb", "a\n\nb"), ("a\tb", "a\tb"),
            ("a\u{0}\u{8}b\u{7F}\u{85}\u{FFFE}", "a\u{FFFD}\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("é\u{1F600}", "é\u{1F600}"),
        ])
    func shown(text: String, expected: String) throws {
        let tail = ConsoleTail(text: text, isTruncated: false)
        #expect(tail == ConsoleTail(text: expected, isTruncated: false))
        #expect(tail.text == expected)
        #expect(try !Element("text", namespace: "", text: tail.text).serializedText().isEmpty)
    }

    @Test(
        "The limit holds in bytes, at a character",
        arguments: [(6, "\u{FFFD}ab"), (5, "\u{FFFD}ab"), (4, "ab")])
    func limit(limit: Int, expected: String) {
        let tail = ConsoleTail(text: "\u{0}ab", isTruncated: false, limit: limit)
        #expect(tail.text == expected)
        #expect(tail.isTruncated == (limit < 5))
    }

    @Test("Whatever a guest writes can be sent", arguments: 0 as UInt64..<200)
    func anything(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<512).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let tail = ConsoleTail(
            text: String(decoding: bytes, as: UTF8.self), isTruncated: false, limit: 300)
        #expect(tail.text.utf8.count <= 300)
        #expect(try !Element("text", namespace: "", text: tail.text).serializedText().isEmpty)
    }
}
