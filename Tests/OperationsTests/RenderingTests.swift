import CloudModel
import Operations
import Testing

@Suite("TextRenderer")
struct RenderingTests {
    @Test("A table is aligned, numbers to the right; columns that are empty throughout are left out")
    func laysOutTables() throws {
        let value: Value = [
            [
                "specification": ["name": "web-1", "resources": ["vcpus": 2, "memory": 512]],
                "state": "running", "site": "paris.test",
            ],
            [
                "specification": ["name": "database-primary", "resources": ["vcpus": 16, "memory": 65_536]],
                "state": "stopped", "site": "paris.test",
            ],
        ]
        let operation = try #require(Catalogue.operation("machine.list"))
        let text = TextRenderer().text(
            of: OperationResult(site: SiteID("paris.test"), value: value), layout: operation.layout)
        #expect(
            text == """
                MACHINE           STATE    VCPU   MEMORY  SITE
                web-1             running     2  512 MiB  paris.test
                database-primary  stopped    16   64 GiB  paris.test
                """)
    }

    @Test(
        "Numbers as small bars, the highest of each group, and a dot where there is none",
        arguments: [
            ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"), ([0, 0], "▁▁"), ([nil, 0.5, nil], "·█·"), ([], "–"),
            (Array(repeating: 1, count: 31) + [2], String(repeating: "▅", count: 15) + "█"),
            (Array(repeating: 1, count: 30), String(repeating: "█", count: 30)),
        ] as [([Double?], String)])
    func drawsBars(values: [Double?], bars: String) {
        let row: Value = ["values": .array(values.map { $0.map(Value.double) ?? .null })]
        let text = TextRenderer().text(
            of: OperationResult(site: SiteID("paris.test"), value: [row]),
            layout: [.table(path: "", [.init("Bars", "values", .sparkline)], none: "")])
        #expect(text == (values.isEmpty ? "\n" : "BARS\n\(bars)"))
    }

    @Test("An empty list is said in words")
    func saysNone() throws {
        let operation = try #require(Catalogue.operation("machine.list"))
        let result = OperationResult(site: SiteID("paris.test"), value: [])
        #expect(TextRenderer().text(of: result, layout: operation.layout) == "There are no machines.")
    }

    @Test("A record leaves out what is not there; the message comes first")
    func laysOutRecords() throws {
        let value: Value = [
            "id": "1", "site": "paris.test", "state": "failed", "reason": "line one\nline two",
            "specification": ["name": "web-1"], "created": 1_795_352_400_000,
        ]
        let operation = try #require(Catalogue.operation("machine.show"))
        let text = TextRenderer().text(
            of: OperationResult(site: SiteID("paris.test"), value: value, message: "here it is"),
            layout: operation.layout)
        #expect(
            text == """
                here it is
                Machine  web-1
                Id       1
                Site     paris.test
                State    failed
                Reason   line one line two
                Created  2026-11-22T13:00:00Z
                """)
    }

    @Test("Whatever comes can be laid out")
    func laysOutAnything() {
        let renderer = TextRenderer()
        let site = SiteID("a.test")
        let list: Value = [["name": "a", "load": 0.126], ["name": "b"]]
        #expect(
            renderer.text(of: OperationResult(site: site, value: list), layout: [.automatic])
                == "NAME  LOAD\na     0.13\nb        –")
        #expect(
            renderer.text(of: OperationResult(site: site, value: ["up": true]), layout: [.automatic])
                == "up  yes")
        #expect(renderer.text(of: OperationResult(site: site), layout: [.automatic]) == "")
    }

    @Test(
        "Dates",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400_000, "2000-02-29T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"), (4_107_542_399_999, "2100-02-28T23:59:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] as [(Int64, String)])
    func writesDates(milliseconds: Int64, text: String) {
        #expect(Instant(millisecondsSinceEpoch: milliseconds).dateText == text)
    }
}
