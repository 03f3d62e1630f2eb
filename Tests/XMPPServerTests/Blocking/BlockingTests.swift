import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct BlockingTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)
    static let laptop = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    func set(_ payload: some Payload, id: String = "b") -> Stanza {
        .iq(IQ(to: nil, id: id, body: .set(payload.element)))
    }

    func list(_ bench: inout DomainBench, _ session: ClientSession) throws -> [JID] {
        bench.send(.iq(IQ(to: nil, id: "l", body: .get(BlockListQuery().element))), from: session)
        guard case .result(.some(let element)) = bench.take(session).last?.iqValue?.body else { return [] }
        return try BlockListQuery(parsing: element).addresses
    }

    func letCarolSee(_ bench: inout DomainBench, _ alice: ClientSession) {
        bench.handle(
            .routed(.presence(Presence(to: alice.address.bare, from: Self.carol, kind: .subscribe))))
        bench.send(.presence(Presence(to: Self.carol, kind: .subscribed)), from: alice)
        _ = (bench.takeRemote(), bench.take(alice))
    }

    @Test("XEP-0191 §6: An address is matched as itself, its account, its domain's resource or its domain")
    func matching() throws {
        let rows: [(String, [String], [String])] = [
            (
                "carol@tokyo.test/laptop", ["carol@tokyo.test/laptop"],
                ["carol@tokyo.test", "carol@tokyo.test/phone"]
            ),
            (
                "carol@tokyo.test", ["carol@tokyo.test", "carol@tokyo.test/phone"],
                ["dave@tokyo.test", "tokyo.test"]
            ),
            (
                "tokyo.test/news", ["tokyo.test/news", "carol@tokyo.test/news"],
                ["tokyo.test", "carol@tokyo.test/laptop"]
            ),
            (
                "tokyo.test", ["tokyo.test", "carol@tokyo.test", "carol@tokyo.test/x", "tokyo.test/x"],
                ["rooms.tokyo.test", "oslo.test"]
            ),
        ]
        for (blocked, matching, others) in rows {
            let list = BlockList([try JID(blocked)])
            for address in matching { #expect(list.blocks(try JID(address)), "\(blocked) \(address)") }
            for address in others { #expect(!list.blocks(try JID(address)), "\(blocked) \(address)") }
        }
    }

    @Test("XEP-0191 §3.2-3.5: The list is shown, changed, and changes are pushed to those who asked for it")
    func listAndPushes() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        _ = (bench.take(desk), bench.take(phone))
        #expect(try self.list(&bench, phone).isEmpty)
        bench.send(self.set(Block([Self.carol, try JID("oslo.test")])), from: desk)
        #expect(bench.take(desk).map { $0.iqValue?.id } == ["b"])
        let push = try #require(bench.take(phone).first?.iqValue)
        #expect(push.from == phone.address.bare)
        guard case .set(let element) = push.body else {
            Issue.record("no push")
            return
        }
        #expect(try Block(parsing: element).addresses == [Self.carol, try JID("oslo.test")])
        #expect(try self.list(&bench, phone) == [Self.carol, try JID("oslo.test")])

        bench.send(self.set(Unblock([Self.carol])), from: phone)
        let heard = bench.take(phone).compactMap(\.iqValue)
        #expect(heard.count == 2)
        #expect(heard.last?.id == "b")
        bench.send(self.set(Unblock()), from: desk)
        guard case .set(let all) = bench.take(phone).first?.iqValue?.body else {
            Issue.record("no push")
            return
        }
        #expect(try Unblock(parsing: all).addresses.isEmpty)
        #expect(try self.list(&bench, desk).isEmpty)
    }

    @Test("XEP-0191 §3.3: What is wrong with a block, and the limit")
    func badBlocks() throws {
        var bench = DomainBench()
        bench.domain.blocking = Blocking(addressesPerAccount: 2)
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let empty = Element("block", namespace: Namespace.blocking)
        let malformed = Element(
            "block", namespace: Namespace.blocking, [:],
            [Element("item", namespace: Namespace.blocking, ["jid": "@"])])
        for element in [empty, malformed] {
            bench.send(.iq(IQ(to: nil, id: "b", body: .set(element))), from: alice)
        }
        #expect(bench.take(alice).map(\.errorCondition) == [.badRequest, .badRequest])
        bench.send(self.set(Block([alice.address.bare])), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.notAcceptable])
        let addresses = try (1...3).map { try JID("spam\($0).test") }
        bench.send(self.set(Block(Array(addresses[0...1]))), from: alice)
        bench.send(self.set(Block([addresses[2]])), from: alice)
        bench.send(self.set(Block([addresses[1]])), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [nil, .resourceConstraint, nil])
    }

    @Test("XEP-0191 §3.3: One who is blocked hears what he would hear if nobody were there")
    func incoming() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        self.letCarolSee(&bench, alice)
        bench.send(self.set(Block([Self.carol])), from: alice)
        _ = (bench.take(alice), bench.takeRemote())
        let account = alice.address.bare
        for to in [account, alice.address] {
            for kind in [Presence.Kind.available, .unavailable, .subscribe, .unsubscribe, .probe, .error] {
                bench.handle(.routed(.presence(Presence(to: to, from: Self.laptop, kind: kind))))
            }
            bench.handle(.routed(.iq(IQ(to: to, from: Self.laptop, id: "r", body: .result(nil)))))
            bench.handle(
                .routed(.iq(IQ(to: to, from: Self.laptop, id: "e", body: .error(StanzaError(.gone))))))
            bench.handle(
                .routed(
                    .message(
                        Message(
                            to: to, from: Self.laptop, kind: .error, payloads: [StanzaError(.gone).element])))
            )
            #expect(bench.takeRemote().isEmpty)
            bench.handle(.routed(.message(Message(to: to, from: Self.laptop, body: "hello"))))
            bench.handle(.routed(.iq(IQ(to: to, from: Self.laptop, id: "g", body: .get(Ping().element)))))
            bench.handle(.routed(.iq(IQ(to: to, from: Self.laptop, id: "s", body: .set(Ping().element)))))
            #expect(
                bench.takeRemote().map(\.errorCondition)
                    == [.serviceUnavailable, .serviceUnavailable, .serviceUnavailable])
        }
        #expect(bench.take(alice).isEmpty)
        #expect(bench.disk.isEmpty)
        bench.handle(
            .routed(.message(Message(to: account, from: try JID("dave@tokyo.test/x"), body: "hello"))))
        #expect(bench.take(alice).count == 1)
    }

    @Test(
        "XEP-0191 §3.3, XEP-0045 §18.1.2: One who blocks an occupant does not hear him, and stays in the room"
    )
    func roomMates() throws {
        var (bench, alice) = try RoomDomainTests.opened()
        let mate = RoomBench.occupant("hecate")
        func fromMate(_ stanza: Stanza) {
            var stanza = stanza
            stanza.from = RoomBench.stranger
            bench.handle(.routed(stanza))
        }
        fromMate(RoomDomainTests.enter("hecate"))
        bench.send(self.set(Block([mate])), from: alice)
        _ = bench.take(alice)
        fromMate(.message(Message(to: RoomBench.room, kind: .groupchat, body: "hello")))
        fromMate(.message(Message(to: RoomBench.occupant("alice"), kind: .chat, body: "psst")))
        #expect(bench.take(alice).isEmpty)
        #expect(bench.domain.rooms?.rooms["coven"]?.occupants["alice"] != nil)
        bench.send(.message(Message(to: RoomBench.room, kind: .groupchat, body: "here")), from: alice)
        #expect(bench.take(alice).compactMap { $0.messageValue?.body } == ["here"])
    }

    @Test("XEP-0191 §3.3: What one sends to somebody blocked comes back with <blocked/>")
    func outgoing() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.set(Block([Self.carol])), from: alice)
        _ = (bench.take(alice), bench.takeRemote())
        bench.send(.message(Message(to: Self.laptop, id: "m", body: "hello")), from: alice)
        bench.send(.presence(Presence(to: Self.laptop)), from: alice)
        bench.send(.presence(Presence(to: Self.carol, kind: .subscribe)), from: alice)
        bench.send(.iq(IQ(to: Self.laptop, id: "q", body: .get(Ping().element))), from: alice)
        let refused = bench.take(alice)
        #expect(refused.map(\.errorCondition) == Array(repeating: .notAcceptable, count: 4))
        #expect(
            refused.first?.messageValue?.error?.detail
                == Element("blocked", namespace: Namespace.blockingErrors))
        bench.send(.iq(IQ(to: Self.laptop, id: "q", body: .result(nil))), from: alice)
        #expect(bench.take(alice).isEmpty)
        #expect(bench.takeRemote().isEmpty)
    }

    @Test("XEP-0191 §3.3, §3.4: Blocking looks like leaving, unblocking like coming back")
    func presence() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        self.letCarolSee(&bench, alice)
        let room = try JID("ops@rooms.tokyo.test/alice")
        bench.send(.presence(Presence(to: room)), from: alice)
        _ = bench.takeRemote()
        bench.send(self.set(Block([Self.carol, try JID("rooms.tokyo.test")])), from: alice)
        let farewells = bench.takeRemote().compactMap(\.presenceValue)
        #expect(farewells.map(\.kind) == [.unavailable, .unavailable])
        #expect(farewells.map(\.to) == [Self.carol, room])
        #expect(farewells.allSatisfy { $0.from == alice.address })
        // Nothing leaks while it lasts, and nobody is told twice.
        bench.send(.presence(DomainBench.available(3)), from: alice)
        #expect(bench.takeRemote().isEmpty)
        bench.send(self.set(Unblock([Self.carol])), from: alice)
        let back = bench.takeRemote().compactMap(\.presenceValue)
        #expect(back.map(\.kind) == [.available])
        #expect(back.map(\.to) == [Self.carol])
        bench.send(self.set(Block([Self.carol])), from: alice)
        _ = bench.takeRemote()
        bench.handle(.sessionEnded(alice.id))
        #expect(bench.takeRemote().isEmpty)
    }

    @Test("XEP-0191 §5: One's own clients are never blocked, whatever is on the list")
    func ownClients() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        bench.send(self.set(Block([DomainBench.domainAddress])), from: desk)
        _ = (bench.take(desk), bench.take(phone))
        bench.send(.message(Message(to: phone.address, body: "note")), from: desk)
        #expect(bench.take(phone).count == 1)
    }

    @Test("A block list that cannot be written is not in force")
    func fullDisk() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.isDiskFull = true
        bench.send(self.set(Block([Self.carol])), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.internalServerError])
        bench.handle(.routed(.message(Message(to: alice.address, from: Self.laptop, body: "hello"))))
        #expect(bench.take(alice).count == 1)
    }

    @Test("A deleted account leaves no block list behind")
    func deletedAccount() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.set(Block([Self.carol])), from: alice)
        _ = bench.domain.remove(account: alice.address.bare)
        #expect(bench.domain.blocking.lists.isEmpty)
        #expect(bench.domain.blocking.listeners.isEmpty)
    }
}
