import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §8.5 for IQ stanzas.
@Suite struct QueryDeliveryTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")
    static let unknown = Element("query", namespace: "urn:example:unknown")

    func ask(_ bench: inout DomainBench, to: String, _ body: IQ.Body) throws -> [Stanza] {
        bench.handle(.routed(.iq(IQ(to: try JID(to), from: Self.carol, id: "q", body: body))))
        return bench.takeRemote()
    }

    @Test("RFC 6121 §8.5.1: A request to no such user is refused, an answer ignored")
    func noSuchUser() throws {
        var bench = DomainBench()
        for to in ["nobody@paris.test", "nobody@paris.test/desk"] {
            for body in [IQ.Body.get(Ping().element), .set(Self.unknown)] {
                #expect(try self.ask(&bench, to: to, body).map(\.errorCondition) == [.serviceUnavailable])
            }
            #expect(try self.ask(&bench, to: to, .result(nil)).isEmpty)
        }
    }

    @Test(
        "RFC 6121 §8.5.2.1.3, §8.5.2.2.3: A request to a bare address is the server's to answer, whoever is there"
    )
    func bare() throws {
        for isThere in [true, false] {
            var bench = DomainBench()
            let bob = isThere ? try bench.connect("bob") : nil
            if let bob { _ = bench.take(bob) }
            for body in [IQ.Body.get(Self.unknown), .set(Self.unknown)] {
                let answers = try self.ask(&bench, to: "bob@paris.test", body)
                #expect(answers.map(\.errorCondition) == [.serviceUnavailable])
                #expect(answers.first?.from == DomainBench.local("bob"))
            }
            #expect(try self.ask(&bench, to: "bob@paris.test", .result(nil)).isEmpty)
            #expect(try self.ask(&bench, to: "bob@paris.test", .error(StanzaError(.conflict))).isEmpty)
            if let bob { #expect(bench.take(bob).isEmpty) }
        }
    }

    @Test("RFC 6121 §8.5.3.1: A request or answer to a client that is there is handed to it")
    func fullMatch() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob", "silent", priority: nil, isInterested: false)
        for body in [IQ.Body.get(Self.unknown), .set(Self.unknown), .result(nil), .error(StanzaError(.gone))]
        {
            #expect(try self.ask(&bench, to: "bob@paris.test/silent", body).isEmpty)
        }
        #expect(bench.take(bob).count == 4)
    }

    @Test("RFC 6121 §8.5.3.2.3: A request to a client that is not there is refused, an answer ignored")
    func fullNoMatch() throws {
        var bench = DomainBench()
        _ = try bench.connect("bob")
        for body in [IQ.Body.get(Ping().element), .set(Self.unknown)] {
            let answers = try self.ask(&bench, to: "bob@paris.test/gone", body)
            #expect(answers.map(\.errorCondition) == [.serviceUnavailable])
        }
        #expect(try self.ask(&bench, to: "bob@paris.test/gone", .result(nil)).isEmpty)
    }

    @Test("RFC 6120 §10.3.3: A request without 'to' is for one's own account")
    func noAddress() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob")
        _ = bench.take(bob)
        bench.send(.iq(IQ(to: nil, id: "p", body: .get(Ping().element))), from: bob)
        bench.send(.iq(IQ(to: nil, id: "u", body: .get(Self.unknown))), from: bob)
        #expect(bench.take(bob).map(\.errorCondition) == [nil, .serviceUnavailable])
    }

    @Test("RFC 6120 §7.6: A second resource on the same stream is not allowed")
    func secondBinding() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob")
        _ = bench.take(bob)
        bench.send(
            .iq(IQ(to: nil, id: "b", body: .set(ResourceBinding(resource: "two").element))), from: bob)
        #expect(bench.take(bob).map(\.errorCondition) == [.notAllowed])
    }
}
