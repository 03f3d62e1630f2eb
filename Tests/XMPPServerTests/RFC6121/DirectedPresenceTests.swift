import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §4.6: presence that is directed at somebody who does not see one otherwise.
@Suite struct DirectedPresenceTests {
    static let room = JID(preparedLocal: "ops", domain: "rooms.tokyo.test", resource: "alice")
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)

    func presence(_ kind: Presence.Kind = .available, to: JID?) -> Stanza {
        .presence(Presence(to: to, kind: kind))
    }

    func told(_ bench: inout DomainBench) -> [String] {
        bench.takeRemote().compactMap(\.presenceValue).map {
            "\($0.kind.rawValue) \($0.to?.description ?? "")"
        }
    }

    func letCarolSee(_ bench: inout DomainBench, _ alice: ClientSession) {
        bench.handle(
            .routed(.presence(Presence(to: alice.address.bare, from: Self.carol, kind: .subscribe))))
        bench.send(self.presence(.subscribed, to: Self.carol), from: alice)
        _ = (bench.takeRemote(), bench.take(alice))
    }

    @Test("RFC 6121 §4.6.3: It is passed on with the client's address, and later presence is not")
    func passedOn() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.presence(to: Self.room), from: alice)
        let passed = bench.takeRemote()
        #expect(passed.map(\.from) == [alice.address])
        bench.send(.presence(DomainBench.available(3)), from: alice)
        #expect(bench.takeRemote().isEmpty)
    }

    @Test("RFC 6121 §4.6.3: Whoever got it hears of the end, by presence or by the end of the stream")
    func farewell() throws {
        for isSaid in [true, false] {
            for isAvailable in [true, false] {
                var bench = DomainBench()
                let alice = try bench.connect("alice", priority: isAvailable ? 0 : nil)
                bench.send(self.presence(to: Self.room), from: alice)
                _ = bench.takeRemote()
                if isSaid {
                    bench.send(self.presence(.unavailable, to: nil), from: alice)
                } else {
                    bench.handle(.sessionEnded(alice.id))
                }
                #expect(self.told(&bench) == ["unavailable ops@rooms.tokyo.test/alice"])
                bench.handle(.sessionEnded(alice.id))
                #expect(self.told(&bench).isEmpty)
            }
        }
    }

    @Test("RFC 6121 §4.6.3: Who was told 'unavailable' already is not told again")
    func takenBack() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.presence(to: Self.room), from: alice)
        bench.send(self.presence(.unavailable, to: Self.room), from: alice)
        _ = bench.takeRemote()
        bench.handle(.sessionEnded(alice.id))
        #expect(bench.takeRemote().isEmpty)
    }

    @Test(
        "RFC 6121 §4.6.3: A subscriber is told once of the end, whether or not presence was directed at him")
    func subscriber() throws {
        for isDirectedFirst in [true, false] {
            var bench = DomainBench()
            let alice = try bench.connect("alice", priority: nil)
            self.letCarolSee(&bench, alice)
            if isDirectedFirst { bench.send(self.presence(to: Self.carol), from: alice) }
            bench.send(.presence(DomainBench.available(0)), from: alice)
            bench.send(self.presence(to: Self.carol), from: alice)
            _ = bench.takeRemote()
            bench.handle(.sessionEnded(alice.id))
            #expect(self.told(&bench) == ["unavailable carol@tokyo.test"])
        }
    }

    @Test("RFC 6121 §4.6.3: A subscriber at whom a client without presence directed some hears of its end")
    func subscriberBeforePresence() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice", priority: nil)
        self.letCarolSee(&bench, alice)
        bench.send(self.presence(to: Self.carol), from: alice)
        _ = bench.takeRemote()
        bench.handle(.sessionEnded(alice.id))
        #expect(self.told(&bench) == ["unavailable carol@tokyo.test"])
    }

    @Test("RFC 6121 §4.6.3: Whoever got it may ask after that client, and learns no more than it was told")
    func probed() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice", "desk")
        _ = try bench.connect("alice", "phone")
        bench.send(self.presence(to: Self.room), from: alice)
        _ = bench.takeRemote()
        bench.handle(
            .routed(.presence(Presence(to: alice.address.bare, from: Self.room, kind: .probe))))
        let answers = bench.takeRemote().compactMap(\.presenceValue)
        #expect(answers.map(\.from) == [alice.address])
        #expect(answers.map(\.payloads) == [[]])
    }

    @Test("RFC 6121 §4.6: One client directs presence at so many, the next is refused")
    func limit() throws {
        var bench = DomainBench()
        bench.domain.sessions = SessionTable(directedPerSession: 2)
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        for number in 1...3 {
            bench.send(self.presence(to: try JID("room\(number)@rooms.tokyo.test/a")), from: alice)
        }
        #expect(bench.takeRemote().count == 2)
        #expect(bench.take(alice).map(\.errorCondition) == [.resourceConstraint])
    }
}
