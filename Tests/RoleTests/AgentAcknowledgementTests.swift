import Agent
import CloudModel
import Logging
import Storage
import Testing

@Suite("What a holder has acknowledged")
struct AgentAcknowledgementTests {
    private typealias Fixtures = AgentFixtures

    /// A site with one machine, of which its holder has not been told yet.
    private static func site(
        over store: MachineStore
    ) async throws -> (keeper: SiteKeeper, machine: MachineID) {
        let keeper = try SiteKeeper(
            site: Fixtures.paris, rules: SiteRules(), policy: .open, store: store,
            logger: Logger(label: "test"))
        let request = SiteLedger.Request(
            id: try #require(ReservationID("7f3e9c52-8a41-4c6b-b0d7-2f6a1e9d4c83")), holder: Fixtures.tokyo,
            specification: Fixtures.specification("web-1"), replica: nil)
        let machine = try #require(MachineID("d1d8a7b4-3e62-4f95-8b1a-6d0c9e2f7a54"))
        try await keeper.change { ledger throws(SiteRefusal) in
            ledger.updateHosts([Fixtures.host()])
            ledger.outage = nil
            _ = try ledger.reserve(request, now: Fixtures.start)
            _ = try ledger.commit(request.id, by: request.holder, machine: machine, now: Fixtures.start)
            ledger.defined(machine, now: Fixtures.start)
        }
        return (keeper, machine)
    }

    @Test("It counts at once, and is on disk with the next change")
    func acknowledged() async throws {
        let store = MachineStore(try Database())
        let (keeper, machine) = try await Self.site(over: store)
        let told = try #require(keeper.read(\.unreported).first)
        await keeper.acknowledged(machine, revision: told.revision)
        #expect(keeper.read(\.unreported).isEmpty)
        // Lost if the agent ends now: the holder is told again.
        let generation = keeper.read(\.generation)
        #expect(try store.load().generation == generation)
        #expect(try store.load().machines.map(\.reportedRevision) == [told.reportedRevision])

        try await keeper.change { ledger throws(SiteRefusal) in ledger.setPolicy(.draining) }
        #expect(try store.load().machines.map(\.reportedRevision) == [told.revision])
        #expect(try store.load().generation == generation + 1)
    }

    @Test("It counts at once also while something else is being written")
    func besideAChange() async throws {
        let (keeper, machine) = try await Self.site(over: MachineStore(try Database()))
        for round in 0..<100 {
            try await keeper.change { ledger throws(SiteRefusal) in
                ledger.observe(
                    machine, round.isMultiple(of: 2) ? .running : .suspended, reason: nil, from: .start,
                    now: Fixtures.start.advanced(by: .seconds(round)))
            }
            let told = try #require(keeper.read(\.unreported).first)
            async let change: Void = keeper.change { ledger throws(SiteRefusal) in
                ledger.setPolicy(round.isMultiple(of: 2) ? .draining : .open)
            }
            await keeper.acknowledged(machine, revision: told.revision)
            #expect(keeper.read(\.unreported).isEmpty)
            try await change
            #expect(keeper.read(\.unreported).isEmpty)
        }
    }

    @Test("An acknowledgement of what has changed since leaves the change to be told")
    func outdated() async throws {
        let (keeper, machine) = try await Self.site(over: MachineStore(try Database()))
        let first = try #require(keeper.read { $0.machines[machine]?.revision })
        try await keeper.change { ledger throws(SiteRefusal) in
            ledger.observe(machine, .running, reason: nil, from: .start, now: Fixtures.start)
        }
        await keeper.acknowledged(machine, revision: first)
        #expect(keeper.read(\.unreported).map(\.machine.state) == [.running])
    }

    @Test("Whoever listens to two bells hears either, and one ring at once")
    func bells() async {
        let (bell, other) = (Bell(), Bell())
        var rings = bell.rings(or: other).makeAsyncIterator()
        await rings.next()
        bell.ring()
        await rings.next()
        other.ring()
        await rings.next()
    }
}
