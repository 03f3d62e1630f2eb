import Testing
import XMPP

@Suite("Dialback keys")
struct DialbackKeyTests {
    @Test("XEP-0185 §3: The example of the specification")
    func example() {
        let key = DialbackKey(
            secret: Array("s3cr3tf0rd14lb4ck".utf8), receiving: "xmpp.example.com",
            originating: "example.org",
            streamID: "D60000229F")
        #expect(key.text == "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643")
        #expect(key.matches(key.text))
        #expect(!key.matches(key.text.uppercased()))
        #expect(!key.matches(""))
    }

    @Test("XEP-0185 §2: Parts cannot be shifted from one field to the next")
    func delimiters() {
        let one = DialbackKey(secret: [1], receiving: "a.test", originating: "b.test", streamID: "c")
        let other = DialbackKey(secret: [1], receiving: "a.testb", originating: ".test", streamID: "c")
        #expect(one != other)
    }
}
