import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Rooms in their domain")
struct RoomDomainTests {
    static func bench() -> DomainBench {
        var bench = DomainBench()
        bench.domain.host(
            RoomService(
                address: RoomBench.domain,
                policy: RoomPolicy(creators: .accounts(of: ["paris.test"])), secret: [1]))
        return bench
    }

    static func enter(_ nickname: String) -> Stanza {
        .presence(Presence(to: RoomBench.occupant(nickname), payloads: [RoomEntry().element]))
    }

    /// A room made by Alice.
    static func opened() throws -> (bench: DomainBench, alice: ClientSession) {
        var bench = Self.bench()
        let alice = try bench.connect("alice")
        bench.send(Self.enter("alice"), from: alice)
        let form = RoomOwnership(form: DataForm(.submit)).element
        bench.send(.iq(IQ(to: RoomBench.room, id: "c", body: .set(form))), from: alice)
        _ = bench.take(alice)
        return (bench, alice)
    }

    @Test("XEP-0045 §6.1: the rooms are an item of the domain")
    func item() throws {
        var bench = Self.bench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(
            .iq(IQ(to: DomainBench.domainAddress, id: "i", body: .get(DiscoItems().element))), from: alice)
        guard case .result(let element?) = bench.take(alice).first?.iqValue?.body else {
            Issue.record("no answer")
            return
        }
        let items = try DiscoItems(parsing: element).items
        #expect(items.contains(.init(address: RoomBench.domain, name: "Rooms")))
    }

    @Test("Clients and people of other servers talk in a room")
    func conversation() throws {
        var (bench, alice) = try Self.opened()
        var entry = Self.enter("hecate")
        entry.from = RoomBench.stranger
        bench.handle(.routed(entry))
        #expect(bench.take(alice).map(\.from) == [RoomBench.occupant("hecate")])
        #expect(bench.takeRemote().allSatisfy { $0.to == RoomBench.stranger })
        bench.send(
            .message(Message(to: RoomBench.room, kind: .groupchat, body: "hello")), from: alice)
        #expect(bench.takeRemote().compactMap { $0.messageValue?.body } == ["hello"])
        #expect(bench.take(alice).compactMap { $0.messageValue?.body } == ["hello"])
    }

    @Test("XEP-0045 §7.14: a client whose stream ends leaves its rooms")
    func streamEnds() throws {
        var (bench, alice) = try Self.opened()
        let bob = try bench.connect("bob")
        bench.send(Self.enter("bob"), from: bob)
        _ = bench.take(alice)
        bench.handle(.sessionEnded(bob.id))
        let heard = bench.take(alice).filter { $0.from == RoomBench.occupant("bob") }
        #expect(heard.map { $0.presenceValue?.kind } == [.unavailable])
    }

    @Test("XEP-0045 §18.1.2: what cannot be delivered to a client that is gone takes it out")
    func ghost() throws {
        var (bench, alice) = try Self.opened()
        var entry = Self.enter("ghost")
        entry.from = DomainBench.local("bob").appending(resource: "gone")
        // The subject is the first message that comes back.
        bench.handle(.routed(entry))
        bench.send(.message(Message(to: RoomBench.room, kind: .groupchat, body: "hello")), from: alice)
        let heard = bench.take(alice)
        #expect(heard.contains { $0.messageValue?.body == "hello" })
        #expect(heard.contains { $0.statuses == [.removedByError] })
        #expect(bench.domain.rooms?.rooms["coven"]?.occupants.count == 1)
    }

    @Test("A persistent room is written before it is said to be")
    func durable() throws {
        var (bench, alice) = try Self.opened()
        let form = DataForm(.submit, fields: [.init("muc#roomconfig_persistentroom", values: ["1"])])
        let iq = IQ(to: RoomBench.room, id: "p", body: .set(RoomOwnership(form: form).element))
        bench.isDiskFull = true
        bench.send(.iq(iq), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.internalServerError])
        bench.isDiskFull = false
        bench.send(.iq(iq), from: alice)
        #expect(bench.take(alice).first?.iqValue?.body == .result(nil))
        #expect(bench.domain.rooms?.rooms["coven"]?.configuration.isPersistent == true)
    }
}
