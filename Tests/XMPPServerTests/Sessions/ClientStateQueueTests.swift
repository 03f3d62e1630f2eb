import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Clients that nobody looks at")
struct ClientStateQueueTests {
    private static func item(_ stanza: Stanza) -> UndeliveredStanza {
        UndeliveredStanza(stanza, recipients: [], sentAt: Instant(millisecondsSinceEpoch: 0))
    }

    private static func contact(_ number: Int) -> JID {
        JID(preparedLocal: "c\(number)", domain: "tokyo.test", resource: "desk")
    }

    private static func presence(_ number: Int, _ status: String = "") -> UndeliveredStanza {
        Self.item(.presence(Presence(to: nil, from: Self.contact(number), id: status)))
    }

    private static func message(_ number: Int, _ payloads: [Element]) -> UndeliveredStanza {
        Self.item(
            .message(Message(to: nil, from: Self.contact(number), kind: .chat, payloads: payloads)))
    }

    private static let typing = Element("composing", namespace: "http://jabber.org/protocol/chatstates")
    private static let body = Element("body", namespace: Namespace.client, text: "hello")

    @Test("XEP-0352 §4: until the client says so, nothing waits")
    func active() {
        var queue = ClientStateQueue()
        #expect(queue.offer(Self.presence(1)) == [Self.presence(1)])
        #expect(queue.activate() == [])
    }

    @Test("XEP-0352 §5: of each sender the newest presence waits, and goes when somebody looks, in order")
    func newest() {
        var queue = ClientStateQueue()
        queue.deactivate()
        #expect(queue.offer(Self.presence(1, "old")) == [])
        #expect(queue.offer(Self.presence(2, "b")) == [])
        #expect(queue.offer(Self.presence(1, "new")) == [])
        #expect(queue.activate() == [Self.presence(2, "b"), Self.presence(1, "new")])
        #expect(queue.activate() == [])
        #expect(!queue.isInactive)
    }

    @Test("XEP-0352 §5: what matters goes at once, and takes along what waits before it")
    func important() {
        var queue = ClientStateQueue()
        queue.deactivate()
        let notice = Self.message(1, [Self.typing])
        let message = Self.message(1, [Self.typing, Self.body])
        #expect(queue.offer(notice) == [])
        #expect(queue.offer(Self.presence(2)) == [])
        #expect(queue.offer(message) == [notice, Self.presence(2), message])
        #expect(queue.isInactive)
        #expect(queue.count == 0)
    }

    @Test("Requests, errors, calls and what a room says of oneself do not wait")
    func exceptions() {
        let status = Element(
            "x", namespace: "http://jabber.org/protocol/muc#user", [:],
            [Element("status", namespace: "http://jabber.org/protocol/muc#user", ["code": "110"])])
        let contact = Self.contact(1)
        for stanza in [
            Stanza.presence(Presence(to: nil, from: contact, kind: .subscribe)),
            .presence(Presence(to: nil, from: contact, kind: .unsubscribed)),
            .presence(Presence(to: nil, from: contact, kind: .error)),
            .presence(Presence(to: nil, from: contact, payloads: [status])),
            .iq(IQ(to: nil, from: contact, id: "1", body: .get(Ping().element))),
            .message(Message(to: nil, from: contact, kind: .error, payloads: [Self.typing])),
            .message(Message(to: nil, from: contact, kind: .chat, payloads: [ReceiptRequest().element])),
        ] {
            var queue = ClientStateQueue()
            queue.deactivate()
            #expect(queue.offer(Self.item(stanza)) == [Self.item(stanza)])
        }
    }

    @Test("As much waits as the limit says; one more sender lets all go")
    func limit() {
        var queue = ClientStateQueue(limit: 3)
        queue.deactivate()
        for number in 1...3 { #expect(queue.offer(Self.presence(number)) == []) }
        #expect(queue.offer(Self.presence(3, "again")) == [])
        let flushed = queue.offer(Self.presence(4))
        #expect(flushed == [Self.presence(1), Self.presence(2), Self.presence(3, "again")])
        #expect(queue.count == 1)
    }

    @Test(
        "Attack: presence as large as a stanza may be. What waits has 256 KiB, and one byte more lets all go")
    func bytes() {
        #expect(SessionLimits().inactiveBytes == 262_144)
        func presence(_ number: Int, _ count: Int) -> UndeliveredStanza {
            let status = Element("x", namespace: "", text: String(repeating: "y", count: count))
            return Self.item(.presence(Presence(to: nil, from: Self.contact(number), payloads: [status])))
        }
        let empty = presence(1, 0).stanza.weight
        var queue = ClientStateQueue(bytes: 3 * empty + 300)
        queue.deactivate()
        for number in 1...3 { #expect(queue.offer(presence(number, 100)) == []) }
        // A newer one of the same sender takes the place of the old, bytes included.
        #expect(queue.offer(presence(3, 99)) == [])
        #expect(queue.offer(presence(3, 100)) == [])
        let all = [presence(1, 100), presence(2, 100)]
        #expect(queue.offer(presence(3, 101)) == all)
        #expect(queue.count == 1)
        // One that is too large by itself does not wait at all.
        let huge = presence(4, 2 * empty + 301)
        #expect(queue.offer(huge) == [presence(3, 101), huge])
        #expect(queue.count == 0)
        // It begins anew.
        for number in 1...3 { #expect(queue.offer(presence(number, 100)) == []) }
        #expect(queue.count == 3)
    }
}
