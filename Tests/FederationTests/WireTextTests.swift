import CloudModel
import Federation
import Testing

@Suite("Text that travels")
struct WireTextTests {
    @Test("A text is cut to its limit in bytes, never inside a character")
    func cuts() {
        #expect(WireText.fit("abc", limit: 3) == "abc")
        #expect(WireText.fit("abcdef", limit: 5) == "ab…")
        #expect(WireText.fit("aéé€", limit: 7) == "aé…")
        #expect(WireText.fit(WireText.fit("aéé€", limit: 7), limit: 7) == "aé…")
        #expect(WireText.fit("a\u{1B}b") == "a\u{FFFD}b")
    }

    @Test("A machine with a fitted reason is read back", arguments: [2_048, 2_049, 100_000])
    func reasons(count: Int) throws {
        var machine = try Samples.machine()
        machine.reason = WireText.fit(String(repeating: "\u{1B}", count: count))
        let read = try Machine(parsing: machine.element)
        #expect(read == machine)
        #expect((read.reason?.utf8.count ?? 0) <= WireLimits.longText)
    }
}
