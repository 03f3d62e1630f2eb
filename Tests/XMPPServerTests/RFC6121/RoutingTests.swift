import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §8.2 to §8.4: whose a stanza is, before §8.5 says what becomes of it.
@Suite struct RoutingTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    @Test(
        "RFC 6121 §8.2, RFC 6120 §10.3.2: Presence without 'to' is for all who may see it, and for nobody else"
    )
    func noAddress() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        let bob = try bench.connect("bob")
        for session in [alice, phone, bob] { _ = bench.take(session) }
        bench.send(.presence(DomainBench.available(4)), from: alice)
        #expect(bench.take(phone).map(\.from) == [alice.address])
        #expect(bench.take(bob).isEmpty)
        #expect(bench.takeRemote().isEmpty)
        #expect(bench.takeServed().isEmpty)
    }

    @Test("RFC 6121 §8.3: What is for another domain goes there as it is, with the client's address")
    func remoteDomain() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let query = Element("query", namespace: "urn:example:weather")
        for to in [Self.carol, Self.carol.bare, Self.carol.domainJID] {
            let stanzas: [Stanza] = [
                .message(Message(to: to, id: "m", body: "hi")),
                .presence(Presence(to: to)),
                .iq(IQ(to: to, id: "q", body: .get(query))),
            ]
            for stanza in stanzas {
                bench.send(stanza, from: alice)
                var expected = stanza
                expected.from = alice.address
                #expect(bench.takeRemote() == [expected])
            }
        }
        #expect(bench.take(alice).isEmpty)
    }

    @Test("RFC 6121 §8.4: What is for the domain itself is the server's to answer, or the local service's")
    func localDomain() throws {
        var bench = DomainBench()
        let here = DomainBench.domainAddress
        let service = try here.withResource("x")
        bench.handle(.routed(.iq(IQ(to: here, from: Self.carol, id: "p", body: .get(Ping().element)))))
        #expect(bench.takeRemote().map { $0.iqValue?.id } == ["p"])
        #expect(bench.takeServed().isEmpty)
        for to in [here, service] {
            bench.handle(.routed(.message(Message(to: to, from: Self.carol, id: "m", body: "help"))))
            #expect(bench.takeServed().map(\.to) == [to])
        }
        #expect(bench.takeRemote().isEmpty)
    }

    @Test("RFC 6121 §5.2.1: A message arrives with the 'to' it was sent with, bare or full")
    func messagesKeepTheirAddress() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob")
        _ = bench.take(bob)
        for to in [bob.address, bob.address.bare] {
            bench.handle(.routed(.message(Message(to: to, from: Self.carol, id: "m", body: "hi"))))
            #expect(bench.take(bob).map(\.to) == [to])
        }
    }
}
