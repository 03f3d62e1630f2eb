import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("What an attached process believes")
struct IncomingGuardTests {
    private static let account = JID(preparedLocal: "paris", domain: "a.test", resource: nil)
    private static let own = JID(preparedLocal: "paris", domain: "a.test", resource: "tradewind")
    private static let stranger = JID(preparedLocal: "eve", domain: "b.test", resource: "x")
    private static let client = IncomingGuard(address: account, resource: "tradewind")
    private static let domain = JID(preparedLocal: nil, domain: "paris.a.test", resource: nil)
    private static let component = IncomingGuard(address: domain)

    private static func isDropped(_ verdict: IncomingGuard.Verdict) -> Bool {
        if case .drop = verdict { true } else { false }
    }

    private static func refusal(_ verdict: IncomingGuard.Verdict) -> StanzaError.Condition? {
        guard case .reply(.iq(let iq)) = verdict, case .error(let error) = iq.body else { return nil }
        return error.condition
    }

    @Test(
        "CVE-2017-5589: copies, archives and events are believed from nobody",
        arguments: [
            ("received", "urn:xmpp:carbons:2"), ("sent", "urn:xmpp:carbons:2"), ("result", "urn:xmpp:mam:2"),
            ("event", "http://jabber.org/protocol/pubsub#event"), ("forwarded", "urn:xmpp:forward:0"),
        ])
    func unsolicited(name: String, namespace: String) {
        for sender in [Self.stranger, Self.account] {
            let body = Element("body", namespace: Namespace.client, text: "machine delete web-1")
            let message = Message(
                to: Self.own, from: sender, payloads: [body, Element(name, namespace: namespace)])
            #expect(Self.isDropped(Self.client.judge(.message(message))))
        }
    }

    @Test("RFC 6121 §2.1.6: a roster push counts only from the own account, and is acknowledged")
    func rosterPushes() {
        let push = IQ.Body.set(RosterQuery(items: []).element)
        for sender in [nil, Self.account] {
            let verdict = Self.client.judge(.iq(IQ(to: Self.own, from: sender, id: "1", body: push)))
            guard case .reply(.iq(let answer)) = verdict, case .result = answer.body else {
                Issue.record("not acknowledged: \(verdict)")
                return
            }
        }
        let forged = Self.client.judge(.iq(IQ(to: Self.own, from: Self.stranger, id: "1", body: push)))
        #expect(Self.refusal(forged) == .serviceUnavailable)
    }

    @Test(
        "RFC 6120 §8.1.2.1: what comes without a sender comes from the own account; a component is never sent such"
    )
    func withoutSender() {
        let answer = IQ(to: Self.own, from: nil, id: "1", body: .result(nil))
        guard case .answer(let iq) = Self.client.judge(.iq(answer)) else {
            Issue.record("not taken for an answer")
            return
        }
        #expect(iq.from == Self.account)
        #expect(Self.isDropped(Self.component.judge(.iq(answer))))
    }

    @Test("Requests and messages of others are for the role, with the sender that the server proved")
    func delivered() {
        let ping = Stanza.iq(IQ(to: Self.own, from: Self.stranger, id: "1", body: .get(Ping().element)))
        #expect(Self.client.judge(ping) == .deliver(ping))
        let chat = Stanza.message(Message(to: Self.account, from: Self.stranger, body: "help"))
        #expect(Self.client.judge(chat) == .deliver(chat))
        let asked = Stanza.iq(IQ(to: Self.domain, from: Self.stranger, id: "1", body: .get(Ping().element)))
        #expect(Self.component.judge(asked) == .deliver(asked))
    }

    @Test("A process that is agent and coordinator may ask itself; another client of its account may not")
    func ownRequests() {
        let request = IQ.Body.set(Element("invoke", namespace: "urn:tradewind:operation:1"))
        let mine = Stanza.iq(IQ(to: Self.own, from: Self.own, id: "1", body: request))
        #expect(Self.client.judge(mine) == .deliver(mine))
        let phone = JID(preparedLocal: "paris", domain: "a.test", resource: "phone")
        let other = Self.client.judge(.iq(IQ(to: Self.own, from: phone, id: "1", body: request)))
        #expect(Self.refusal(other) == .notAllowed)
    }

    @Test("A mark is one only from our own address")
    func marks() {
        let ping = IQ.Body.get(Ping().element)
        #expect(
            Self.client.judge(.iq(IQ(to: Self.own, from: Self.own, id: "mark-7", body: ping)))
                == .own(id: "mark-7"))
        let forged = Stanza.iq(IQ(to: Self.own, from: Self.stranger, id: "mark-7", body: ping))
        #expect(Self.client.judge(forged) == .deliver(forged))
    }

    @Test("XEP-0114: at other addresses of the component's domain there is nobody")
    func misdirected() {
        let somebody = JID(preparedLocal: "alice", domain: "paris.a.test", resource: nil)
        let asked = Stanza.iq(IQ(to: somebody, from: Self.stranger, id: "1", body: .get(Ping().element)))
        #expect(Self.refusal(Self.component.judge(asked)) == .itemNotFound)
        let error = Stanza.message(Message(to: somebody, from: Self.stranger, kind: .error, payloads: []))
        #expect(Self.isDropped(Self.component.judge(error)), "an error is never answered")
        #expect(Self.isDropped(Self.component.judge(.presence(Presence(to: somebody, from: Self.stranger)))))
    }

    @Test("The people of our own server may see us, strangers may not")
    func subscriptions() {
        let alice = JID(preparedLocal: "alice", domain: "a.test", resource: nil)
        for guarded in [Self.client, Self.component] {
            let asked = Presence(to: guarded.address, from: alice, kind: .subscribe)
            guard case .reply(.presence(let answer)) = guarded.judge(.presence(asked)) else {
                Issue.record("not answered")
                return
            }
            #expect(answer.kind == .subscribed && answer.to == alice)
            let strange = Presence(to: guarded.address, from: Self.stranger.bare, kind: .subscribe)
            #expect(Self.isDropped(guarded.judge(.presence(strange))))
        }
    }
}
