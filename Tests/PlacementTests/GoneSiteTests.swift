import CloudModel
import Placement
import Testing

@Suite("A site that is gone for good")
struct GoneSiteTests {
    private static let gone = SiteID("gone.test")
    private static let other = SiteID("other.test")
    private static let reason = "is gone for good, as root@paris.test says"

    /// How far a replica has come at the site that will be gone, if it is there.
    enum Stage: CaseIterable {
        case planning, reserving, doubting, committing, verifying, withdrawing, placed, replacing, exhausted
        case releasingHold, releasingMachine, deleting, gone

        var losses: [ReplicaLoss.Outcome] {
            switch self {
            case .planning, .exhausted, .gone: []
            case .reserving, .doubting: [.passedOver]
            case .committing, .verifying, .withdrawing, .placed, .replacing: [.placedAnew]
            case .releasingHold, .releasingMachine, .deleting: [.removed]
            }
        }
    }

    private func saga(replicas: Int = 1, isGang: Bool = false) throws -> PlacementSaga {
        let workload = try #require(WorkloadID("00000000-0000-4000-8000-000000000005"))
        var saga = PlacementSaga(workload: workload, replicas: replicas, isGang: isGang)
        _ = saga.resume()
        return saga
    }

    private func reservation(_ hold: Hold, _ state: Reservation.State) -> Reservation {
        Reservation(
            id: hold.reservation, holder: SiteID("coordinator.test"),
            specification: GoneSiteWalk.specification, replica: nil,
            expires: Instant(millisecondsSinceEpoch: 0), state: state)
    }

    private func plan(_ index: Int, at site: SiteID, in saga: inout PlacementSaga) throws -> Hold {
        _ = saga.handle(.planned(site: site, turn: saga.replicas[index].turn), replica: index)
        return try #require(saga.replicas[index].hold)
    }

    private func run(_ index: Int, at site: SiteID, in saga: inout PlacementSaga) throws {
        let hold = try self.plan(index, at: site, in: &saga)
        let machine = GoneSiteWalk.machine(of: saga.replicas[index], .running, in: saga.workload)
        _ = saga.handle(.committed(hold.reservation, try #require(machine)), replica: index)
        #expect(saga.isPlaced(index, at: site))
    }

    /// A workload of one replica that has come so far.
    private func saga(at stage: Stage) throws -> PlacementSaga {
        var saga = try self.saga()
        switch stage {
        case .planning: return saga
        case .exhausted:
            _ = saga.handle(.unplaceable(reason: "no room", turn: saga.replicas[0].turn), replica: 0)
            return saga
        case .gone:
            _ = saga.remove()
            return saga
        case .reserving, .doubting, .releasingHold, .committing, .verifying, .withdrawing, .placed,
            .replacing, .releasingMachine, .deleting:
            break
        }
        let hold = try self.plan(0, at: Self.gone, in: &saga)
        switch stage {
        case .planning, .exhausted, .gone, .reserving: return saga
        case .doubting:
            _ = saga.handle(.silent(turn: saga.replicas[0].turn, reason: "no answer"), replica: 0)
            return saga
        case .releasingHold:
            _ = saga.remove()
            return saga
        case .committing, .verifying, .withdrawing, .placed, .replacing, .releasingMachine, .deleting: break
        }
        _ = saga.handle(.reservation(self.reservation(hold, .held)), replica: 0)
        let turn = saga.replicas[0].turn
        let machine = try #require(GoneSiteWalk.machine(of: saga.replicas[0], .running, in: saga.workload))
        switch stage {
        case .planning, .exhausted, .gone, .reserving, .doubting, .releasingHold, .committing: break
        case .verifying: _ = saga.handle(.silent(turn: turn, reason: "no answer"), replica: 0)
        case .withdrawing:
            _ = saga.handle(.refused(hold.reservation, turn: turn, reason: "no"), replica: 0)
        case .placed: _ = saga.handle(.committed(hold.reservation, machine), replica: 0)
        case .replacing:
            _ = saga.handle(
                .unfit(hold.reservation, machine: machine.id, isUnleased: false, reason: "no"), replica: 0)
        case .releasingMachine: _ = saga.remove()
        case .deleting:
            _ = saga.handle(.committed(hold.reservation, machine), replica: 0)
            _ = saga.remove()
        }
        return saga
    }

    @Test("What was there goes on elsewhere or has ended, whatever was under way", arguments: Stage.allCases)
    func stages(stage: Stage) throws {
        let before = try self.saga(at: stage)
        var saga = before
        let (directives, losses) = saga.writeOff(Self.gone, because: Self.reason)
        #expect(losses.map(\.outcome) == stage.losses)
        switch stage.losses.first {
        case nil:
            #expect(saga == before && directives.isEmpty)
        case .removed:
            #expect(saga.state == .removed && directives.isEmpty)
        case .passedOver:
            #expect(saga.replicas[0].epoch == 1)
            #expect(saga.replicas[0].excluded == [Self.gone: Self.reason])
            #expect(directives == [.plan(replica: 0, turn: saga.replicas[0].turn)])
        case .placedAnew:
            #expect(saga.replicas[0].epoch == 2, "a machine may have been made under the first")
            #expect(saga.replicas[0].excluded.keys.contains(Self.gone))
            #expect(directives == [.plan(replica: 0, turn: saga.replicas[0].turn)])
        case .leftBehind: Issue.record("it was leaving nothing")
        }
        let after = saga
        let again = saga.writeOff(Self.gone, because: Self.reason)
        #expect(again.directives.isEmpty && again.losses.isEmpty && saga == after)
        var elsewhere = before
        let untouched = elsewhere.writeOff(Self.other, because: Self.reason)
        #expect(untouched.losses.isEmpty && elsewhere == before)
    }

    @Test(
        "Should it come back, nothing that it says of the old epoch counts, and its lease is over",
        arguments: Stage.allCases.filter { $0.losses == [.placedAnew] })
    func comesBack(stage: Stage) throws {
        var saga = try self.saga(at: stage)
        let old = saga.replicas[0]
        let hold = try #require(old.hold)
        let machine = try #require(GoneSiteWalk.machine(of: old, .running, in: saga.workload))
        _ = saga.writeOff(Self.gone, because: Self.reason)
        let after = saga
        let late: [PlacementSaga.Event] = [
            .committed(hold.reservation, machine), .reported(machine), .deleted(machine.id),
            .doomed(machine.id), .silent(turn: old.turn, reason: "no answer"),
            .reservation(self.reservation(hold, .held)), .unknown(hold.reservation, turn: old.turn),
            .refused(hold.reservation, turn: old.turn, reason: "no"),
        ]
        for event in late { #expect(saga.handle(event, replica: 0) == [], "\(event)") }
        #expect(saga == after)
        let reference = try #require(machine.replica)
        #expect(saga.lease(of: machine.id, as: reference, at: Self.gone) == .over)
    }

    @Test("What a replica was leaving there counts as deleted, and it cannot go back")
    func predecessor() throws {
        var saga = try self.saga()
        try self.run(0, at: Self.gone, in: &saga)
        _ = saga.move(0, to: Self.other, nil)
        var searching = saga
        let left = searching.writeOff(Self.gone, because: Self.reason)
        #expect(left.losses.map(\.outcome) == [.leftBehind])
        _ = searching.handle(.unplaceable(reason: "no", turn: searching.replicas[0].turn), replica: 0)
        #expect(searching.replicas[0].phase == .exhausted("no"))

        try self.run(0, at: Self.other, in: &saga)
        _ = saga.remove()
        _ = saga.handle(.deleted(try #require(saga.replicas[0].machine).id), replica: 0)
        #expect(saga.state == .removing)
        let ended = saga.writeOff(Self.gone, because: Self.reason)
        #expect(ended.directives.isEmpty && saga.state == .removed)
    }

    @Test("A gang that was never whole remains one of all or none")
    func gang() throws {
        var saga = try self.saga(replicas: 2, isGang: true)
        for (index, site) in [Self.gone, Self.other].enumerated() {
            let hold = try self.plan(index, at: site, in: &saga)
            _ = saga.handle(.reservation(self.reservation(hold, .held)), replica: index)
        }
        let hold = try #require(saga.replicas[1].hold)
        let machine = try #require(GoneSiteWalk.machine(of: saga.replicas[1], .running, in: saga.workload))
        _ = saga.handle(.committed(hold.reservation, machine), replica: 1)
        #expect(saga.isPlaced(1, at: Self.other))
        _ = saga.writeOff(Self.gone, because: Self.reason)
        #expect(saga.isPlaced(1, at: Self.other))
        let directives = saga.handle(
            .unplaceable(reason: "no", turn: saga.replicas[0].turn), replica: 0)
        #expect(directives.contains { if case .delete(1, _, _, _, _) = $0 { true } else { false } })
        #expect(saga.state == .placing)
    }

    @Test("After any history: nothing is left there, nothing else is touched, and no epoch goes on")
    func anyHistory() throws {
        var seen: Set<String> = []
        for seed in 0..<400 as Range<UInt64> {
            var walk = try GoneSiteWalk(seed: seed, isGang: seed.isMultiple(of: 3))
            for _ in 0..<(10 + Int(seed % 50)) { walk.step() }
            self.check(walk.saga, seed: seed)
            seen.formUnion(walk.saga.replicas.flatMap { Self.places(of: $0) })
        }
        #expect(
            seen == [
                "reserving", "doubting", "committing", "verifying", "withdrawing", "placed", "replacing",
                "releasing", "deleting", "predecessor",
            ])
    }

    /// What a replica has at the site, in words.
    private static func places(of replica: ReplicaPlacement) -> [String] {
        var places: [String] = []
        if replica.keeping?.predecessor?.hold.site == Self.gone { places.append("predecessor") }
        if replica.hold?.site == Self.gone {
            places.append(String("\(replica.phase)".prefix { $0.isLetter }))
        }
        return places
    }

    private func check(_ before: PlacementSaga, seed: UInt64) {
        var after = before
        let (directives, losses) = after.writeOff(Self.gone, because: Self.reason)
        #expect(after.replicas.allSatisfy { Self.places(of: $0).isEmpty }, "seed \(seed)")
        #expect(after.isRemoving == before.isRemoving && after.wantedCount == before.wantedCount)
        for (old, new) in zip(before.replicas, after.replicas) {
            let outcomes = losses.filter { $0.replica == old.index }.map(\.outcome)
            #expect(outcomes.count == Self.places(of: old).count, "seed \(seed)")
            if outcomes.isEmpty { #expect(old == new, "seed \(seed)") }
            if outcomes.contains(.removed) { #expect(new.phase == .gone, "seed \(seed)") }
            #expect((new.epoch > old.epoch) == outcomes.contains(.placedAnew), "seed \(seed)")
            if let machine = GoneSiteWalk.machine(of: old, .running, in: before.workload),
                let reference = machine.replica, machine.site == Self.gone, !outcomes.contains(.passedOver)
            {
                #expect(after.lease(of: machine.id, as: reference, at: Self.gone) == .over, "seed \(seed)")
            }
        }
        let searching = losses.filter { $0.outcome == .placedAnew || $0.outcome == .passedOver }
        let plans = searching.map { loss in
            PlacementSaga.Directive.plan(replica: loss.replica, turn: after.replicas[loss.replica].turn)
        }
        #expect(directives == plans, "seed \(seed)")
        let isNowhere = after.replicas.allSatisfy { $0.hold == nil && $0.keeping?.predecessor == nil }
        if before.isRemoving, isNowhere { #expect(after.state == .removed, "seed \(seed)") }
        let settled = after
        let again = after.writeOff(Self.gone, because: Self.reason)
        #expect(again.directives.isEmpty && again.losses.isEmpty && after == settled, "seed \(seed)")
    }
}
