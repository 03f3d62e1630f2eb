import Foundation
import Testing
import XMPP

@Suite("Moments as XMPP writes them")
struct DateTimeTests {
    @Test(
        "XEP-0082 §3.2: Known moments are read and written",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2006-12-19T17:58:35Z", 1_166_551_115_000), ("2100-03-01T00:00:00Z", 4_107_542_400_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func known(text: String, milliseconds: Int64) {
        #expect(DateTime(millisecondsSinceEpoch: milliseconds).description == text)
        #expect(DateTime(text)?.millisecondsSinceEpoch == milliseconds)
    }

    @Test(
        "XEP-0082 §3.2: Other spellings of a moment are the same moment",
        arguments: [
            ("2006-12-19T11:58:35-06:00", 1_166_551_115_000),
            ("2006-12-19T17:58:35+00:00", 1_166_551_115_000),
            ("2006-12-19T17:58:35.5Z", 1_166_551_115_500),
            ("2006-12-19T17:58:35.1239999Z", 1_166_551_115_123),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] as [(String, Int64)])
    func spellings(text: String, milliseconds: Int64) {
        #expect(DateTime(text)?.millisecondsSinceEpoch == milliseconds)
    }

    @Test(
        "XEP-0082 §3.2: What is no moment is refused",
        arguments: [
            "", "2006-12-19", "2006-12-19T17:58:35", "2006-13-19T17:58:35Z", "2006-02-29T17:58:35Z",
            "2006-00-01T00:00:00Z",
            "2006-12-19 17:58:35Z", "2006-12-19T24:00:00Z", "2006-12-19T17:60:35Z", "2006-12-19T17:58:35.Z",
            "2006-12-19T17:58:35+6:00", "2006-12-19T17:58:35+15:00", "20061219T17:58:35ZZZZ",
            "2006-1-219T17:58:35Z",
            "-006-12-19T17:58:35Z", "2006-12-19T+7:58:35Z",
        ])
    func wrong(text: String) {
        #expect(DateTime(text) == nil)
    }

    @Test("Any moment comes back, and is what Foundation makes of it", arguments: 0 as UInt64..<200)
    func random(seed: UInt64) throws {
        let spread = seed &* 0x9E37_79B9_7F4A_7C15 >> 1
        let milliseconds = Int64(spread % 315_537_897_600_000) - 62_135_596_800_000
        let moment = DateTime(millisecondsSinceEpoch: milliseconds)
        #expect(DateTime(moment.description) == moment)
        let seconds = DateTime(millisecondsSinceEpoch: milliseconds / 1_000 * 1_000)
        // ISO8601FormatStyle knows the Julian calendar of before 1582, which XEP-0082 does not.
        guard milliseconds > -12_000_000_000_000 else { return }
        let date = Date(timeIntervalSince1970: Double(milliseconds / 1_000))
        #expect(date.formatted(.iso8601) == seconds.description)
    }
}
