import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct LastActivityTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)

    func ask(_ bench: inout DomainBench, _ to: JID, from: JID = carol) throws -> [LastActivity?] {
        bench.handle(.routed(.iq(IQ(to: to, from: from, id: "l", body: .get(LastActivity().element)))))
        return try bench.takeRemote().map { stanza in
            guard case .result(.some(let element)) = stanza.iqValue?.body else { return nil }
            return try LastActivity(parsing: element)
        }
    }

    @Test("XEP-0012 §4: The domain says since when it runs")
    func uptime() throws {
        var bench = DomainBench()
        #expect(try self.ask(&bench, DomainBench.domainAddress) == [LastActivity(seconds: 600)])
    }

    @Test("XEP-0012 §3: Those who see somebody learn when he was last there and what he said; others nothing")
    func lastSeen() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        let account = alice.address.bare
        bench.handle(.routed(.presence(Presence(to: account, from: Self.carol, kind: .subscribe))))
        bench.send(.presence(Presence(to: Self.carol, kind: .subscribed)), from: alice)
        _ = bench.takeRemote()
        bench.handle(.sessionEnded(phone.id))
        _ = bench.takeRemote()
        #expect(try self.ask(&bench, account) == [LastActivity(seconds: 0)])
        bench.send(
            .presence(
                Presence(
                    to: nil, kind: .unavailable,
                    payloads: [Element("status", namespace: Namespace.client, text: "lunch")])), from: alice)
        bench.now = bench.now.advanced(by: .seconds(90))
        bench.handle(.sessionEnded(alice.id))
        _ = bench.takeRemote()
        #expect(try self.ask(&bench, account) == [LastActivity(seconds: 90, status: "lunch")])
        #expect(try self.ask(&bench, account, from: try JID("dave@oslo.test")) == [nil])
        #expect(try self.ask(&bench, DomainBench.local("bob")) == [nil])
    }
}
