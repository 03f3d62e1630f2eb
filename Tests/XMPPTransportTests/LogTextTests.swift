import Testing
import XMPP

@testable import XMPPTransport

@Suite("What others say, in the log and in errors")
struct LogTextTests {
    @Test(
        "One line comes of it, without what a terminal obeys",
        arguments: [
            ("plain, with ümlauts and 字", "plain, with ümlauts and 字"),
            ("a\nnotice: all is well", "a\\u{a}notice: all is well"),
            ("\u{1B}[2J", "\\u{1b}[2J"), ("\u{202E}txt", "\\u{202e}txt"), ("\u{2028}", "\\u{2028}"),
        ])
    func escaped(text: String, expected: String) {
        #expect(LogText.escaped(text) == expected)
    }

    @Test("It is cut")
    func cut() {
        #expect(LogText.escaped(String(repeating: "x", count: 300)).count == 300)
        #expect(LogText.escaped(String(repeating: "x", count: 301)).count == 301)
        #expect(LogText.escaped(String(repeating: "x", count: 301)).hasSuffix("x…"))
    }

    @Test(
        "RFC 6120 §8.3.3.16: a sender hears that a server cannot be reached, and nothing of what is behind its address",
        arguments: [
            RemoteStreamError.unreachable(Route(host: "10.0.0.7", port: 22), reason: "refused"),
            .unresolved("10.0.0.7 port 22 refused"),
            .negotiation(.protocolViolation("10.0.0.7 port 22 refused")),
            .negotiation(.refused(StreamError(.hostUnknown, text: "10.0.0.7 port 22 refused"))),
            .ended(.lost(reason: "10.0.0.7 port 22 refused")), .timedOut,
        ])
    func silent(error: RemoteStreamError) {
        #expect(error.stanzaError("b.test").text == "b.test cannot be reached")
        #expect(error.stanzaError("b.test").condition == .remoteServerTimeout)
    }
}
