import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Leaving a room")
struct RoomLeavingTests {
    typealias Bench = RoomBench

    @Test("XEP-0045 §7.14: who leaves is told so as himself, the others see him go, with what he said")
    func leaving() {
        var bench = Bench.coven()
        bench.leave(Bench.hag, "thirdwitch", status: "gone where the goblins go")
        let own = bench.take(Bench.hag)
        #expect(own.map { $0.presenceValue?.kind } == [.unavailable])
        #expect(own.first?.statuses == [.isSelf])
        let heard = bench.take(Bench.owner)
        #expect(heard.first?.presenceValue?.kind == .unavailable)
        #expect(heard.first?.notice?.item?.role == RoomRole.absent)
        #expect(heard.first?.notice?.item?.affiliation == RoomAffiliation.unaffiliated)
        #expect(heard.first?.presenceValue?.status == "gone where the goblins go")
        #expect(heard.first?.statuses == [])
        bench.say("anyone?", from: Bench.owner)
        #expect(bench.take(Bench.hag).isEmpty)
    }

    @Test("XEP-0045 §7.14: a temporary room ends with its last occupant, a persistent one does not")
    func lastOne() {
        var bench = Bench.opened()
        bench.leave(Bench.owner, "firstwitch")
        #expect(bench.service.rooms.isEmpty)
        var kept = Bench.opened(["muc#roomconfig_persistentroom": ["1"]])
        kept.leave(Bench.owner, "firstwitch")
        #expect(kept.room?.isEmpty == true)
    }

    @Test("XEP-0045 §17.3: unavailable presence of one who is not in the room is ignored")
    func notInside() {
        var bench = Bench.coven()
        bench.leave(Bench.stranger, "hecate")
        #expect(bench.takeAll().isEmpty)
        bench.leave(Bench.stranger, "hecate")
        #expect(bench.takeAll().isEmpty)
    }

    @Test("One client of two leaves: the others go on to see the other one")
    func oneOfTwo() {
        var bench = Bench.coven()
        let phone = Bench.user("hag66", "phone")
        bench.enter(
            phone, as: "thirdwitch",
            payloads: [Element("show", namespace: Namespace.client, text: "away")])
        _ = bench.takeAll()
        bench.leave(phone, "thirdwitch")
        #expect(bench.take(phone).first?.statuses == [.isSelf])
        let heard = bench.take(Bench.owner)
        #expect(heard.map { $0.presenceValue?.kind } == [.available])
        #expect(heard.first?.notice?.item?.address == Bench.hag)
        #expect(bench.take(Bench.hag).map { $0.presenceValue?.kind } == [.available])
        bench.leave(Bench.hag, "thirdwitch")
        #expect(bench.take(Bench.owner).map { $0.presenceValue?.kind } == [.unavailable])
    }

    @Test(
        "XEP-0045 §11.1, §18.1.2: what comes back because its receiver is gone takes him out",
        arguments: StanzaError.Condition.allCases)
    func ghosts(condition: StanzaError.Condition) {
        var bench = Bench.coven()
        let error = StanzaError(condition)
        bench.send(
            .message(
                Message(
                    to: Bench.occupant("firstwitch"), from: Bench.hag, kind: .error, payloads: [error.element]
                )))
        let heard = bench.take(Bench.owner)
        guard condition.meansGone else {
            #expect(heard.isEmpty)
            #expect(bench.room?.occupants.count == 3)
            return
        }
        #expect(heard.map { $0.presenceValue?.kind } == [.unavailable])
        #expect(heard.first?.statuses == [.removedByError])
        #expect(bench.take(Bench.hag).first?.statuses == [.isSelf, .removedByError])
        #expect(bench.room?.occupants.count == 2)
    }

    @Test(
        "XEP-0045 §18.1.2: presence that comes back takes its receiver out as well; a stranger's does nothing"
    )
    func presenceErrors() {
        var bench = Bench.coven()
        for address in [Bench.stranger, Bench.hag] {
            bench.send(
                .presence(
                    Presence(
                        to: Bench.room, from: address, kind: .error,
                        payloads: [StanzaError(.remoteServerTimeout).element])))
        }
        #expect(bench.room?.occupants.keys.sorted() == ["firstwitch", "secondwitch"])
        #expect(bench.take(Bench.stranger).isEmpty)
    }

    @Test("XEP-0045 §11.2: when the service ends, everybody hears of his own leaving")
    func shutDown() {
        var bench = Bench.coven(["muc#roomconfig_persistentroom": ["1"]])
        bench.deliver(bench.service.shutDown())
        for address in [Bench.owner, Bench.admin, Bench.hag] {
            let heard = bench.take(address)
            #expect(heard.map(\.statuses) == [[.isSelf, .serviceShutsDown]])
        }
        #expect(bench.room?.isEmpty == true)
    }
}
