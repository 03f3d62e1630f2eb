import Testing
import XML
import XMPP

@Suite("Payloads of instant messaging, and their golden files")
struct IMGoldenTests {
    @Test("XEP-0280")
    func carbons() throws {
        try GoldenFile.check("EnableCarbons", EnableCarbons())
        try GoldenFile.check("DisableCarbons", DisableCarbons())
        let message = Message(
            to: try JID("alice@paris.test/desk"), from: try JID("bob@rome.test/phone"), id: "m1",
            body: "Is the second host up?")
        try GoldenFile.check("ReceivedCarbon", ReceivedCarbon(Forwarded(message)))
        try GoldenFile.check("SentCarbon", SentCarbon(Forwarded(message)))
        for name in ["received", "sent"] {
            let empty = Element(name, namespace: Namespace.carbons)
            #expect(throws: PayloadError.self) { try ReceivedCarbon(parsing: empty) }
            #expect(throws: PayloadError.self) { try SentCarbon(parsing: empty) }
        }
    }

    @Test("XEP-0085 §2: the five states, in any message, and no other")
    func chatStates() throws {
        for state in ChatState.allCases {
            let message = Message(to: nil, payloads: [state.element])
            #expect(message.chatState == state)
            #expect(state.element.namespace == "http://jabber.org/protocol/chatstates")
        }
        let odd = [Element("asleep", namespace: Namespace.chatStates), Element("active", namespace: "urn:x")]
        #expect(Message(to: nil, payloads: odd).chatState == nil)
        #expect(Message(to: nil, body: "active").chatState == nil)
    }

    @Test("XEP-0308 §3")
    func corrections() throws {
        try GoldenFile.check("Correction", Correction(of: "bad1"))
        #expect(throws: PayloadError.self) {
            try Correction(parsing: Element("replace", namespace: Namespace.correction))
        }
    }

    @Test("XEP-0439 §4.1")
    func quickResponses() throws {
        try GoldenFile.check("QuickResponse", QuickResponse(value: "confirm x7kp", label: "Confirm"))
        try GoldenFile.check("QuickResponse-bare", QuickResponse(value: "cancel"))
    }

    @Test("XEP-0012")
    func lastActivity() throws {
        try GoldenFile.check("LastActivity", LastActivity(seconds: 903, status: "Heading home"))
        try GoldenFile.check("LastActivity-question", LastActivity())
        for seconds in ["-1", "soon", ""] {
            let element = Element("query", namespace: Namespace.lastActivity, ["seconds": seconds])
            #expect(throws: PayloadError.self) { try LastActivity(parsing: element) }
        }
    }

    @Test("XEP-0077")
    func registration() throws {
        try GoldenFile.check("Registration", Registration(username: "bill", password: "newpass"))
        try GoldenFile.check(
            "Registration-known", Registration(isRegistered: true, username: "bill", password: ""))
        try GoldenFile.check("Registration-removal", Registration(isRemoval: true))
        try GoldenFile.check("Registration-question", Registration())
    }

    @Test("XEP-0191")
    func blocking() throws {
        let addresses = [try JID("mallory@evil.test"), try JID("spam.test")]
        try GoldenFile.check("BlockListQuery-question", BlockListQuery())
        try GoldenFile.check("BlockListQuery", BlockListQuery(addresses))
        try GoldenFile.check("Block", Block(addresses))
        try GoldenFile.check("Unblock", Unblock([addresses[0]]))
        try GoldenFile.check("Unblock-all", Unblock())
        #expect(throws: PayloadError.self) {
            try Block(parsing: Element("block", namespace: Namespace.blocking))
        }
    }
}
