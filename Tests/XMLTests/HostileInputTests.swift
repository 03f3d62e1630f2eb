import TestRandomness
import Testing

@testable import XML

/// Files in `Fixtures/CONDITION`: streams that end with that stream error, or with none in `accepted`.
@Suite("Hostile and odd input")
struct HostileInputTests {
    @Test("Every fixture ends as its folder says", arguments: Fixture.all(in: "Fixtures"))
    func condition(fixture: Fixture) {
        let outcome = Outcome(fixture.bytes)
        #expect(outcome.failure?.streamErrorCondition ?? "accepted" == fixture.folder)
    }

    @Test("Byte by byte gives what the whole gives", arguments: Fixture.all(in: "Fixtures"))
    func byteByByte(fixture: Fixture) {
        #expect(Outcome(fixture.bytes, size: { 1 }) == Outcome(fixture.bytes))
    }

    @Test("However it is cut, it gives what the whole gives", arguments: 0 as UInt64..<40)
    func randomCuts(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for fixture in Fixture.all(in: "Fixtures") {
            let whole = Outcome(fixture.bytes)
            let longest = Int.random(in: 1...64, using: &random)
            let cut = Outcome(fixture.bytes, size: { Int.random(in: 1...longest, using: &random) })
            #expect(cut == whole, "\(fixture.testDescription)")
        }
    }

    @Test("The folders are conditions", arguments: Fixture.all(in: "Fixtures"))
    func folders(fixture: Fixture) {
        let conditions: Set = [
            "restricted-xml", "unsupported-encoding", "bad-namespace-prefix", "not-well-formed", "bad-format",
            "policy-violation", "accepted",
        ]
        #expect(conditions.contains(fixture.folder))
    }

    @Test(
        "Inputs that fuzzing found do no harm, however they are cut", arguments: Fixture.all(in: "FuzzCases"))
    func fuzzCases(fixture: Fixture) {
        let whole = Outcome(fixture.bytes)
        #expect(Outcome(fixture.bytes, size: { 1 }) == whole)
        #expect(Outcome(fixture.bytes, size: { 7 }) == whole)
    }

    @Test(
        "A start tag that is broken off is not reported",
        arguments: ["<str\u{1}>", "<str\u{1} a='b'><x/>", "<str a='1' \u{2}/>", "<str\0><x/>"])
    func brokenRootTag(text: String) {
        for bytes in [Array(text.utf8), Array("<?xml version='1.0'?>\(text)".utf8)] {
            for size in [Int.max, 7, 1] {
                let outcome = Outcome(bytes, size: { size })
                #expect(outcome.events.isEmpty)
                #expect(outcome.failure?.streamErrorCondition == "not-well-formed")
            }
        }
    }

    @Test("After a failure nothing more is reported, until a reset")
    func failureStays() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array("<s><a/><!-- --><b/>".utf8))
        #expect(try parser.next() != nil)
        #expect(try parser.next() == .element(Element("a", namespace: "")))
        #expect(throws: ParseError.restricted(.comment)) { try parser.next() }
        parser.feed(Array("<c/>".utf8))
        #expect(throws: ParseError.restricted(.comment)) { try parser.next() }
        parser.reset()
        parser.feed(Array("<s><a/>".utf8))
        #expect(try parser.next() == .opened(Element("s", namespace: "")))
    }
}
