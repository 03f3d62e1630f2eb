import CloudModel
import Foundation
import Placement
import Testing

@Suite("Resizing and moving")
struct ResizingTests {
    private static let tokyo = SiteID("tokyo.test")
    private static let paris = SiteID("paris.test")

    /// A workload whose replicas run in tokyo, the later ones made later.
    private static func saga(_ replicas: Int) throws -> PlacementSaga {
        let workload = try #require(WorkloadID("00000000-0000-4000-8000-000000000007"))
        var saga = PlacementSaga(workload: workload, replicas: replicas)
        _ = saga.resume()
        for index in 0..<replicas { try Self.run(index, in: &saga) }
        return saga
    }

    /// Brings a replica that looks for a site to `site`, where it runs.
    private static func run(
        _ index: Int, in saga: inout PlacementSaga, at site: SiteID = tokyo, aheadBy skew: Duration = .zero
    ) throws {
        _ = saga.handle(.planned(site: site, turn: saga.replicas[index].turn), replica: index)
        let hold = try #require(saga.replicas[index].hold)
        let made = Instant(millisecondsSinceEpoch: 1_000 + Int64(index)).advanced(by: skew)
        _ = saga.handle(
            .committed(
                hold.reservation,
                Machine(
                    id: MachineID(derivedFrom: hold.reservation, path: []), site: site,
                    specification: MachineSpecification(
                        name: "web-\(index)", resources: Samples.resources(),
                        image: ImageReference(format: .raw, location: "/images/web")),
                    state: .running,
                    replica: ReplicaReference(
                        workload: saga.workload, index: index, epoch: saga.replicas[index].epoch),
                    created: made, changed: made)), replica: index)
    }

    /// The site says that it has deleted the machine that a replica leaves.
    private static func delete(_ index: Int, in saga: inout PlacementSaga) throws {
        guard case .deleting(_, let machine, _) = saga.replicas[index].phase else {
            Issue.record("replica \(index) is not being deleted: \(saga.replicas[index].phase)")
            return
        }
        _ = saga.handle(.deleted(machine), replica: index)
    }

    @Test("Those named go first, then those without a machine, then those placed last")
    func leavers() throws {
        var saga = try Self.saga(4)
        #expect(saga.leavers(2, first: []) == [3, 2])
        #expect(saga.leavers(2, first: [0, 0, 9]) == [0, 3])
        #expect(saga.leavers(1, first: [1, 0]) == [1])
        _ = saga.grow(saga.vacancies(for: 1), near: nil)
        #expect(saga.leavers(2, first: []) == [4, 3])
        _ = saga.drop([4])
        #expect(saga.leavers(9, first: [4]) == [3, 2, 1, 0])
    }

    @Test("Those placed last go first by the coordinator's own count, whatever the clocks of the sites say")
    func placedLast() throws {
        let workload = try #require(WorkloadID("00000000-0000-4000-8000-000000000007"))
        var saga = PlacementSaga(workload: workload, replicas: 2)
        _ = saga.resume()
        // One clock is an hour ahead, one an hour behind.
        try Self.run(0, in: &saga, aheadBy: .seconds(3_600))
        try Self.run(1, in: &saga)
        #expect(saga.leavers(1, first: []) == [1], "placed together: the highest number")
        _ = saga.grow([2], near: nil)
        try Self.run(2, in: &saga, at: Self.paris, aheadBy: .seconds(-3_600))
        #expect(saga.leavers(3, first: []) == [2, 1, 0])
        // A move that comes to nothing makes none newer; one that succeeds does.
        _ = saga.move(1, to: Self.paris, nil)
        _ = saga.handle(.unplaceable(reason: "no other", turn: saga.replicas[1].turn), replica: 1)
        #expect(saga.leavers(3, first: []) == [2, 1, 0])
        _ = saga.move(1, to: Self.paris, nil)
        #expect(saga.leavers(1, first: []) == [1])
        try Self.run(1, in: &saga, at: Self.paris, aheadBy: .seconds(-3_600))
        #expect(saga.leavers(3, first: []) == [1, 2, 0])
        let stored = try JSONDecoder().decode(PlacementSaga.self, from: try JSONEncoder().encode(saga))
        #expect(stored.leavers(3, first: []) == [1, 2, 0])
    }

    @Test("A number that is used again is that of the replica placed last")
    func placedLastAgain() throws {
        var saga = try Self.saga(3)
        _ = saga.drop([0])
        try Self.delete(0, in: &saga)
        _ = saga.grow([0], near: nil)
        try Self.run(0, in: &saga, at: Self.paris, aheadBy: .seconds(-3_600))
        #expect(saga.leavers(3, first: []) == [0, 2, 1])
    }

    @Test("Replicas that were stored before the coordinator counted go by their numbers")
    func storedBefore() throws {
        var saga = try Self.saga(2)
        _ = saga.grow([2], near: nil)
        try Self.run(2, in: &saga)
        let text = String(decoding: try JSONEncoder().encode(saga.replicas), as: UTF8.self)
        let older = text.replacing(#""search":1,"#, with: "").replacing(#","search":1"#, with: "")
        #expect(older != text && !older.contains("search"))
        var stored = PlacementSaga(
            workload: saga.workload,
            replicas: try JSONDecoder().decode([ReplicaPlacement].self, from: Data(older.utf8)),
            isRemoving: false)
        #expect(stored.leavers(3, first: []) == [2, 1, 0])
        // What comes from now on is newer than all of them.
        _ = stored.drop([0])
        try Self.delete(0, in: &stored)
        _ = stored.grow([0], near: nil)
        try Self.run(0, in: &stored)
        #expect(stored.leavers(3, first: []) == [0, 2, 1])
    }

    @Test(
        "Nothing is told of a replica after its end, though its site tells first that its machine is gone"
    )
    func lastWord() throws {
        var saga = try Self.saga(1)
        _ = saga.remove()
        let before = saga
        var machine = try #require(saga.replicas[0].machine)
        machine.state = .deleted
        machine.changed = machine.changed.advanced(by: .seconds(1))
        _ = saga.handle(.reported(machine), replica: 0)
        #expect(saga.narrate(since: before).map(\.kind) == [.deleted, .removed])
    }

    @Test("An index that is used again has an epoch above the one it had")
    func epochs() throws {
        var saga = try Self.saga(3)
        let first = saga.replicaStates.map(\.machine)
        #expect(saga.drop([1]).count == 1)
        #expect(saga.state == .placed)
        #expect(saga.wantedCount == 2)
        #expect(!saga.isSettled)
        #expect(saga.replicaStates.map(\.change) == [nil, .dropped, nil])
        // While its machine is being deleted another index is used.
        #expect(saga.vacancies(for: 1) == [3])
        try Self.delete(1, in: &saga)
        #expect(saga.isSettled)
        #expect(saga.replicaStates.map(\.index) == [0, 2])
        #expect(saga.vacancies(for: 2) == [1, 3])
        let directives = saga.grow([1], near: nil)
        #expect(directives == [.plan(replica: 1, turn: saga.replicas[1].turn)])
        #expect(saga.replicaStates.map(\.change) == [nil, .added, nil])
        try Self.run(1, in: &saga, at: Self.paris)
        #expect(saga.replicaStates.map(\.epoch) == [1, 2, 1])
        #expect(saga.replicaStates.map(\.change) == [nil, nil, nil])
        #expect(saga.replicaStates[1].machine != first[1])
    }

    @Test("What runs is dropped last, be it the machine that a replica is about to leave")
    func runningLast() throws {
        var saga = try Self.saga(3)
        for index in 0..<2 {
            var machine = try #require(saga.replicas[index].machine)
            machine.state = .failed
            machine.changed = Instant(millisecondsSinceEpoch: 9_000)
            _ = saga.handle(.reported(machine), replica: index)
        }
        #expect(saga.leavers(1, first: []) == [1])
        #expect(saga.leavers(3, first: []) == [1, 0, 2])
        #expect(saga.isBusy)
        var moving = try Self.saga(2)
        _ = moving.move(1, to: Self.paris, nil)
        var machine = try #require(moving.replicas[0].machine)
        machine.state = .stopped
        machine.changed = Instant(millisecondsSinceEpoch: 9_000)
        _ = moving.handle(.reported(machine), replica: 0)
        #expect(moving.leavers(1, first: []) == [0])
    }

    @Test(
        "An index is used again only once the site says that the machine is gone, not when it takes the order"
    )
    func doomed() throws {
        var saga = try Self.saga(2)
        let machine = try #require(saga.replicaStates[1].machine)
        _ = saga.drop([1])
        let again = saga.handle(.doomed(machine), replica: 1)
        guard case .delete(1, _, machine, _, _)? = again.first else {
            Issue.record("\(again)")
            return
        }
        #expect(saga.vacancies(for: 1) == [2])
        #expect(saga.handle(.deleted(machine), replica: 1) == [])
        #expect(saga.vacancies(for: 1) == [1])
    }

    @Test("A move that no site takes ends where it began, and the next one has an epoch of its own")
    func movesBack() throws {
        var saga = try Self.saga(2)
        let before = saga.replicaStates
        _ = saga.move(0, to: Self.paris, nil)
        _ = saga.handle(.planned(site: Self.paris, turn: saga.replicas[0].turn), replica: 0)
        let first = try #require(saga.replicas[0].hold)
        let refused = saga.handle(
            .refused(first.reservation, turn: saga.replicas[0].turn, reason: "full"), replica: 0)
        #expect(refused == [.plan(replica: 0, turn: saga.replicas[0].turn)])
        let moving = saga
        _ = saga.handle(.unplaceable(reason: "no other", turn: saga.replicas[0].turn), replica: 0)
        #expect(saga.replicaStates == before)
        #expect(saga.state == .placed && !saga.hasOneUnderWay && !saga.isBusy)
        let note = try #require(saga.narrate(since: moving).first)
        #expect(note.kind == .waiting && note.text.contains("full") && note.text.contains("no other"))
        let review = Keeper().review(
            &saga, nil, under: Circumstances(now: Instant(millisecondsSinceEpoch: 2_000)))
        #expect(review.directives == [], "nothing is left behind")
        _ = saga.move(0, to: Self.paris, nil)
        _ = saga.handle(.planned(site: Self.paris, turn: saga.replicas[0].turn), replica: 0)
        #expect(saga.replicas[0].epoch == 3)
        #expect(saga.replicas[0].hold?.reservation != first.reservation)
    }

    @Test("An added replica that no site takes is given up again, and the log says why")
    func refusedGrowth() throws {
        var saga = try Self.saga(1)
        _ = saga.grow([1], near: nil)
        let before = saga
        #expect(saga.handle(.unplaceable(reason: "all full", turn: saga.replicas[1].turn), replica: 1) == [])
        #expect(saga.wantedCount == 1)
        #expect(saga.state == .placed)
        #expect(saga.isSettled)
        #expect(saga.narrate(since: before).contains { $0.kind == .dropped && $0.text.contains("all full") })
        // Its number may be used again, under another epoch.
        _ = saga.grow(saga.vacancies(for: 1), near: nil)
        #expect(saga.replicas.map(\.epoch) == [1, 2])
    }

    @Test("When no other index is left, one whose machine is being deleted is placed once that is gone")
    func busyIndices() throws {
        var saga = try Self.saga(2)
        _ = saga.drop([1])
        #expect(saga.vacancies(for: 1, limit: 2) == [1])
        let directives = saga.grow([1], near: nil)
        guard case .delete(1, _, let machine, _, _)? = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(saga.state == .placing)
        let next = saga.handle(.deleted(machine), replica: 1)
        #expect(next == [.plan(replica: 1, turn: saga.replicas[1].turn)])
        #expect(saga.replicas[1].epoch == 2)
    }

    @Test("No more indices are used than a workload may have replicas")
    func limit() throws {
        let saga = try Self.saga(1)
        #expect(saga.vacancies(for: 5_000).count == SpecificationLimits.replicas.upperBound - 1)
        #expect(saga.vacancies(for: 0) == [])
    }

    @Test("A machine of a dropped replica that comes back is told that its lease is over")
    func lateMachine() throws {
        var saga = try Self.saga(2)
        let machine = try #require(saga.replicaStates[1].machine)
        _ = saga.drop([1])
        try Self.delete(1, in: &saga)
        let old = ReplicaReference(workload: saga.workload, index: 1, epoch: 1)
        #expect(saga.lease(of: machine, as: old, at: Self.tokyo) == .over)
        _ = saga.grow([1], near: nil)
        #expect(saga.lease(of: machine, as: old, at: Self.tokyo) == .over)
    }

    @Test("A move goes to the site wanted while the old machine runs, which ends once the new one runs")
    func moves() throws {
        var saga = try Self.saga(2)
        let old = try #require(saga.replicaStates[0].machine)
        let directives = saga.move(0, to: Self.paris, nil)
        #expect(directives == [.plan(replica: 0, turn: saga.replicas[0].turn)])
        #expect(saga.replicas[0].keeping?.destination == Self.paris)
        #expect(saga.replicaStates.map(\.change) == [.moving, nil])
        #expect(saga.objectionToMoving(1, nil) != nil, "one after the other")
        #expect(saga.move(1, to: Self.paris, nil) == [])
        try Self.run(0, in: &saga, at: Self.paris)
        #expect(saga.replicas[0].keeping?.destination == nil, "asked once")
        let review = Keeper().review(
            &saga, nil, under: Circumstances(now: Instant(millisecondsSinceEpoch: 2_000)))
        guard case .retire(0, let hold, old)? = review.directives.first else {
            Issue.record("\(review.directives)")
            return
        }
        #expect(hold.site == Self.tokyo)
    }

    @Test("What stays after all is for those whom it was for, as its machine was told of last")
    func staysAsItWas() throws {
        func near(_ country: String) -> Audience {
            Audience(shares: [.init(place: .country(country), weight: 1)])
        }
        var saga = try Self.saga(1)
        _ = saga.grow([1], near: near("FR"))
        try Self.run(1, in: &saga, at: Self.tokyo)
        for country in ["JP", "US"] {
            let machine = try #require(saga.replicas[1].machine)
            _ = saga.move(1, to: Self.paris, near: near(country), nil)
            #expect(saga.replicas[1].near == near(country))
            var stopped = machine
            stopped.state = .stopped
            stopped.changed = machine.changed.advanced(by: .seconds(1))
            // One report overtakes the other.
            if country == "US" { _ = saga.handle(.reported(stopped), replica: 1) }
            _ = saga.handle(.reported(machine), replica: 1)
            _ = saga.handle(.unplaceable(reason: "all full", turn: saga.replicas[1].turn), replica: 1)
            #expect(saga.replicas[1].near == near("FR"))
            #expect(saga.replicas[1].machine == (country == "US" ? stopped : machine))
        }
    }

    @Test("With a lease a replica moves only if the minimum runs without it, and its machine ends first")
    func movesWithLease() throws {
        var saga = try Self.saga(2)
        let strict = KeepingWishes(leaseSeconds: 60, minimum: 2)
        #expect(saga.objectionToMoving(0, strict)?.contains("2 must run") == true)
        #expect(saga.move(0, to: nil, strict) == [])
        let directives = saga.move(0, to: nil, KeepingWishes(leaseSeconds: 60, minimum: 1))
        guard case .delete(0, _, _, _, _)? = directives.first else {
            Issue.record("\(directives)")
            return
        }
    }

    @Test("A replica that is dropped on its way elsewhere leaves nothing at either site")
    func droppedOnTheWay() throws {
        var saga = try Self.saga(2)
        let old = try #require(saga.replicaStates[0].machine)
        _ = saga.move(0, to: Self.paris, nil)
        _ = saga.handle(.planned(site: Self.paris, turn: saga.replicas[0].turn), replica: 0)
        let directives = saga.drop([0])
        guard case .release(0, let hold, _, _)? = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(hold.site == Self.paris)
        let review = Keeper().review(
            &saga, nil, under: Circumstances(now: Instant(millisecondsSinceEpoch: 2_000)))
        guard case .retire(0, let left, old)? = review.directives.first else {
            Issue.record("\(review.directives)")
            return
        }
        #expect(left.site == Self.tokyo)
        _ = saga.handle(.unknown(hold.reservation, turn: saga.replicas[0].turn), replica: 0)
        #expect(saga.vacancies(for: 1) == [2], "its old machine may still be there")
        _ = saga.handle(.deleted(old), replica: 0)
        #expect(saga.vacancies(for: 1) == [0])
    }

    @Test("What is being removed, and a gang that is not placed, cannot be resized")
    func objections() throws {
        var saga = try Self.saga(2)
        #expect(saga.objectionToResizing == nil)
        _ = saga.remove()
        #expect(saga.objectionToResizing != nil)
        #expect(saga.grow([2], near: nil) == [])
        var gang = PlacementSaga(workload: saga.workload, replicas: 2, isGang: true)
        _ = gang.resume()
        #expect(gang.objectionToResizing != nil)
        _ = gang.handle(.unplaceable(reason: "no room", turn: gang.replicas[0].turn), replica: 0)
        #expect(gang.objectionToResizing?.contains("could not be placed") == true)
    }
}
