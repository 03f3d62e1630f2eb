import Testing
import XML
import XMPP

@Suite("What presence and messages say")
struct PresenceTests {
    @Test("Presence comes back", arguments: Presence.Show.allCases + [nil], [0, -1, 127, -128] as [Int8])
    func semantics(show: Presence.Show?, priority: Int8) {
        let presence = Presence(show: show, status: "busy", priority: priority)
        #expect(presence.show == show)
        #expect(presence.priority == priority)
        #expect(presence.status == "busy")
    }

    @Test("RFC 6121 §4.7.2.3: An odd priority is none", arguments: ["", "128", "-129", "x", "1.5", "+ 1"])
    func oddPriority(text: String) {
        let presence = Presence(
            to: nil, payloads: [Element("priority", namespace: Namespace.client, text: text)])
        #expect(presence.priority == nil)
        #expect(presence.show == nil && presence.status == nil)
    }

    @Test("XEP-0184 §5.4, §7: A receipt is given once, to whoever asked, never to an error or in a room")
    func receipts() throws {
        let juliet = try JID("juliet@rome.test/balcony")
        var message = Message(to: try JID("paris.test"), from: juliet, id: "m1", body: "hello")
        #expect(message.receipt == nil)
        message.payloads.append(ReceiptRequest().element)
        #expect(message.receipt?.to == juliet)
        #expect(try message.receipt?.payloads.first(ReceiptReceived.self) == ReceiptReceived(id: "m1"))
        #expect(message.receipt?.receipt == nil)
        message.kind = .error
        #expect(message.receipt == nil)
        message.kind = .groupchat
        #expect(message.receipt == nil)
    }
}
