import Testing
import XML
import XMPP

@Suite("Payloads of instant messaging, and their golden files")
struct IMGoldenTests {
    @Test("XEP-0280: what copies look like")
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

    @Test("XEP-0308 §3: what a correction looks like")
    func corrections() throws {
        try GoldenFile.check("Correction", Correction(of: "bad1"))
        #expect(throws: PayloadError.self) {
            try Correction(parsing: Element("replace", namespace: Namespace.correction))
        }
    }

    @Test("XEP-0439 §4.1: what a quick response looks like")
    func quickResponses() throws {
        try GoldenFile.check("QuickResponse", QuickResponse(value: "confirm x7kp", label: "Confirm"))
        try GoldenFile.check("QuickResponse-bare", QuickResponse(value: "cancel"))
    }

    @Test("XEP-0012: what last activity looks like")
    func lastActivity() throws {
        try GoldenFile.check("LastActivity", LastActivity(seconds: 903, status: "Heading home"))
        try GoldenFile.check("LastActivity-question", LastActivity())
        for seconds in ["-1", "soon", ""] {
            let element = Element("query", namespace: Namespace.lastActivity, ["seconds": seconds])
            #expect(throws: PayloadError.self) { try LastActivity(parsing: element) }
        }
    }

    @Test("XEP-0077: what registration looks like")
    func registration() throws {
        try GoldenFile.check("Registration", Registration(username: "bill", password: "newpass"))
        try GoldenFile.check(
            "Registration-known", Registration(isRegistered: true, username: "bill", password: ""))
        try GoldenFile.check("Registration-removal", Registration(isRemoval: true))
        try GoldenFile.check("Registration-question", Registration())
    }

    @Test("XEP-0191: what blocking looks like")
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
