import CloudModel
import Testing

@testable import Operations

@Suite("Findings as text and as values")
struct FindingTests {
    private let report = FindingReport(
        "tokyo.test, seen from paris.test",
        [
            Finding("route", .ok, "the configuration says 192.0.2.1:5269"),
            Finding("port", .ok, "answers after 0.4 ms", at: "192.0.2.1:5269, STARTTLS"),
            Finding(
                "certificate", .fault, "expired on 2026-11-20T00:00:00Z", cure: "its owner gets a new one",
                at: "192.0.2.1:5269, STARTTLS"),
            Finding("round trip", .skipped, "no agent of this site runs"),
        ])

    @Test("Marks, aligned; places once; cures below; the sum at the end")
    func text() {
        #expect(
            FindingText().text(of: self.report) == """
                tokyo.test, seen from paris.test
                  ✓ route        the configuration says 192.0.2.1:5269
                  192.0.2.1:5269, STARTTLS
                    ✓ port         answers after 0.4 ms
                    ✗ certificate  expired on 2026-11-20T00:00:00Z
                                   → its owner gets a new one
                  – round trip   no agent of this site runs
                In all: 1 fault.
                """)
    }

    @Test("Colours are for terminals")
    func colors() {
        let report = FindingReport("it", [Finding("port", .warning, "slow")])
        #expect(
            FindingText(.colored).text(of: report)
                == "it\n  \u{1B}[33m!\u{1B}[0m port  slow\n\u{1B}[33mIn all: 1 warning.\u{1B}[0m")
        #expect(!FindingText().text(of: report).contains("\u{1B}"))
    }

    @Test("As a value and back; the verdict stands first")
    func values() throws {
        let result = try self.report.result(at: SiteID("paris.test"))
        #expect(result.value.object?.members.first?.name == "verdict")
        #expect(result.value.value(at: "verdict") == "fault")
        #expect(FindingReport(result.value) == self.report)
        #expect(FindingReport(["verdict": "ok"]) == nil)
        let text = TextRenderer().text(of: result, layout: [.findings])
        #expect(text == FindingText().text(of: self.report))
    }

    @Test("What strangers say moves no terminal, and has an end")
    func strangers() throws {
        let finding = Finding(
            "software", .ok, "\u{1B}[2J\u{202E}evil\r\nline" + String(repeating: "x", count: 500))
        #expect(finding.seen.hasPrefix(" [2J evil  line"))
        #expect(finding.seen.count == Finding.textLimit)
        let value: Value = [
            "subject": "s", "omitted": 0,
            "findings": [["subject": "a\u{1B}b", "verdict": "ok", "seen": "c\u{7}d", "place": "e\nf"]],
        ]
        let report = try #require(FindingReport(value))
        #expect(report.findings == [Finding("a b", .ok, "c d", at: "e f")])
    }

    @Test("A report holds 256 findings and says how many it leaves out", arguments: [(256, 0), (257, 1)])
    func bounded(count: Int, omitted: Int) {
        let report = FindingReport("it", Array(repeating: Finding("port", .ok, "well"), count: count))
        #expect(report.findings.count == 256)
        #expect(report.omitted == omitted)
    }

    @Test("Two checks at a time, ten a minute")
    func gate() throws {
        var gate = CheckGate()
        let start = Instant(millisecondsSinceEpoch: 0)
        try gate.begin(at: start)
        try gate.begin(at: start)
        #expect(throws: OperationError.self) { try gate.begin(at: start) }
        gate.end()
        gate.end()
        for _ in 0..<8 {
            try gate.begin(at: start)
            gate.end()
        }
        let error = #expect(throws: OperationError.self) {
            try gate.begin(at: start.advanced(by: .milliseconds(59_999)))
        }
        #expect(error?.code == .tooMany)
        try gate.begin(at: start.advanced(by: .seconds(60)))
    }

    @Test("Looking at others takes a grant on the whole site, though nothing is changed")
    func grant() throws {
        let check = try #require(Catalogue.operation("site.check"))
        #expect(check.effect == .reads)
        #expect(!check.heedsOwnership)
        #expect(check.usage == "site check [PEER]")
    }
}
