import Testing

@testable import XML

@Suite("Whole documents")
struct DocumentTests {
    @Test("A document becomes its root element; comments are passed over")
    func document() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- what the hypervisor says -->
            <domain type='qemu' id="7">
              <name>web-1</name><!-- the name -->
              <memory unit='KiB'>131072</memory>
            </domain>
            """
        let domain = try Element(parsing: text)
        #expect(domain.name == "domain" && domain.namespace.isEmpty)
        #expect(domain[attribute: "id"] == "7")
        #expect(domain.child("name")?.text == "web-1")
        #expect(domain.withoutIndentation.children.count == 2)
    }

    @Test("White space is dropped only where it indents")
    func indentation() throws {
        let element = try Element(parsing: "<a>\n <b> </b>\n <c>x <d/> y</c>\n</a>").withoutIndentation
        #expect(try element.serializedText() == "<a><b> </b><c>x <d/> y</c></a>")
    }

    @Test("What is no whole document is refused", arguments: ["", " ", "<a>", "<a", "<a><b></b>"])
    func incomplete(text: String) {
        #expect(throws: ParseError.self) { try Element(parsing: text) }
    }

    @Test(
        "The rules for streams hold for documents",
        arguments: [
            "<!DOCTYPE a><a/>", "<a>&x;</a>", "<?p?><a/>", "<a/><b/>", "<x:a/>", "<a/>x", "\u{FEFF}<a/>",
        ])
    func refused(text: String) {
        #expect(throws: ParseError.self) { try Element(parsing: text) }
    }

    @Test("The limits hold for documents")
    func limits() throws {
        var limits = XMLLimits.document
        limits.depth = 2
        #expect(throws: Never.self) { try Element(parsing: "<a><b/></a>", limits: limits) }
        #expect(throws: ParseError.limitExceeded(.depth, 2)) {
            try Element(parsing: "<a><b><c/></b></a>", limits: limits)
        }
        limits.stanzaBytes = 1_000
        #expect(throws: ParseError.limitExceeded(.stanzaBytes, 1_000)) {
            try Element(parsing: "<a>" + String(repeating: "x", count: 1_000) + "</a>", limits: limits)
        }
    }
}
