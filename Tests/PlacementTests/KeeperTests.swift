import CloudModel
import Placement
import Testing

@Suite("Keeping a workload at its replicas")
struct KeeperTests {
    private static let tokyo = SiteID("tokyo.test")
    private static let paris = SiteID("paris.test")

    private typealias Bench = KeeperBench

    @Test("A machine that fails is started where it is, at once")
    func restart() throws {
        var bench = try Bench()
        try bench.report(0, .failed)
        let directives = bench.review()
        guard case .start(0, let hold, _)? = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(hold.site == Self.tokyo)
        #expect(bench.review() == [], "one order is enough")
        try bench.report(0, .running)
        #expect(bench.review() == [])
        #expect(bench.saga.replicas[0].epoch == 1)
    }

    @Test("After three starts in vain, with growing pauses, it is deleted there and placed elsewhere")
    func elsewhere() throws {
        var bench = try Bench()
        bench.placeable = [0]
        try bench.report(0, .failed)
        #expect(bench.review().count == 1)
        try bench.failStart(0)
        #expect(bench.review(after: .milliseconds(4_999)) == [])
        #expect(bench.review(after: .milliseconds(1)).count == 1)
        try bench.failStart(0)
        #expect(bench.review(after: .milliseconds(19_999)) == [])
        #expect(bench.review(after: .milliseconds(1)).count == 1)
        try bench.failStart(0)
        let directives = bench.review(after: .seconds(80))
        guard case .delete(0, let hold, let machine, let turn, _)? = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(hold.site == Self.tokyo)
        // The order was taken, but nothing is placed before the machine is gone.
        let again = bench.saga.handle(.doomed(machine), replica: 0)
        guard case .delete(0, _, machine, turn + 1, _)? = again.first else {
            Issue.record("\(again)")
            return
        }
        let gone = bench.saga.handle(.deleted(machine), replica: 0)
        guard case .plan(0, _)? = gone.first else {
            Issue.record("\(gone)")
            return
        }
        #expect(bench.saga.replicas[0].epoch == 2)
        #expect(bench.saga.replicas[0].excluded[Self.tokyo] != nil)
        try bench.place(0, at: Self.paris)
        #expect(bench.review() == [])
        #expect(bench.saga.state == .placed)
    }

    @Test("Where no other site can take it nothing is deleted: it is started there again, from time to time")
    func nowhereElse() throws {
        var bench = try Bench()
        for pause in [0, 5, 20, 80, 320, 600, 600, 600] {
            try bench.failStart(0)
            if pause > 0 { #expect(bench.review(after: Duration.seconds(pause) - .milliseconds(1)) == []) }
            let now = Circumstances(now: bench.now.advanced(by: .milliseconds(1)))
            let isHopeless = pause >= 80
            #expect(Keeper().replicasToMove(in: bench.saga, nil, under: now) == (isHopeless ? [0] : []))
            if isHopeless {
                bench.sought = []
                #expect(bench.review(after: .milliseconds(1)) == [], "another site is looked for first")
                bench.sought = [0]
            }
            let directives = pause > 0 ? bench.review(after: .milliseconds(1)) : []
            guard pause == 0 || directives.count == 1 else {
                Issue.record("not started after \(pause) s: \(directives)")
                return
            }
        }
        #expect(bench.saga.replicas[0].epoch == 1)
        #expect(bench.notes.last?.text.hasSuffix("no other site can take it") == true)
        try bench.failStart(0)
        bench.placeable = [0]
        guard case .delete(0, _, _, _, _)? = bench.review(after: .seconds(600)).first else {
            Issue.record("stays although another site takes it")
            return
        }
    }

    @Test("What its owner stopped is left alone, and said once")
    func halted() throws {
        var bench = try Bench()
        try bench.report(0, .stopped, halt: .ordered)
        for _ in 0..<5 { #expect(bench.review(after: .seconds(600)) == []) }
        #expect(bench.notes.count { $0.kind == .waiting } == 1)
        try bench.report(0, .running)
        _ = bench.review()
        try bench.report(0, .stopped)
        #expect(bench.review().count == 1, "it stopped by itself this time")
    }

    @Test("A machine that somebody deleted is placed anew under the next epoch")
    func deleted() throws {
        var bench = try Bench()
        try bench.report(0, .deleted)
        bench.sought = []
        #expect(bench.review() == [], "not before a site can take it")
        #expect(bench.notes.last?.kind != .waiting, "nothing is said before one was looked for")
        bench.sought = [0]
        #expect(bench.review() == [])
        #expect(bench.notes.last?.kind == .waiting)
        let deleted = Circumstances(now: bench.now)
        #expect(Keeper().replicasToMove(in: bench.saga, nil, under: deleted) == [0])
        bench.placeable = [0]
        let directives = bench.review()
        guard case .plan(0, _)? = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(bench.saga.replicas[0].epoch == 2)
    }

    @Test("One that no site took is asked for again only when one can take it, however long that is")
    func waitsForRoom() throws {
        var bench = try Bench()
        try bench.report(0, .deleted)
        bench.placeable = [0]
        _ = bench.review()
        _ = bench.saga.handle(
            .unplaceable(reason: "no room", turn: bench.saga.replicas[0].turn), replica: 0)
        bench.placeable = []
        for _ in 0..<1_000 { #expect(bench.review(after: .seconds(10)) == []) }
        #expect(bench.notes.count { $0.kind == .waiting } == 1, "said once")
        bench.placeable = [0]
        guard case .plan(0, _)? = bench.review().first else {
            Issue.record("not asked for: \(bench.saga.replicas[0])")
            return
        }
        #expect(bench.saga.replicas[0].epoch == 3)
    }

    /// Orders starts that come to nothing, without end.
    private func startInVain(_ event: (MachineID) -> PlacementSaga.Event) throws {
        var bench = try Bench()
        try bench.report(0, .failed)
        var directives = bench.review()
        for pause in [15, 30, 60, 120, 240, 480, 600, 600, 600, 600] {
            guard case .start(0, _, let machine)? = directives.first else {
                Issue.record("before \(pause) s: \(directives)")
                return
            }
            _ = bench.saga.handle(event(machine), replica: 0)
            #expect(bench.review() == [])
            #expect(bench.review(after: Duration.seconds(pause) - .milliseconds(1)) == [])
            directives = bench.review(after: .milliseconds(1))
        }
        #expect(bench.saga.replicas[0].epoch == 1)
        #expect(bench.notes.count { $0.kind == .restarting } == 2, "said once that it is tried again")
    }

    @Test("A site that does not answer has not used up a try; the pauses grow to ten minutes")
    func silence() throws {
        try self.startInVain { .startUnanswered($0, reason: "time-out") }
    }

    @Test("A site that would not start a machine has not used up a try of the machine")
    func declined() throws {
        try self.startInVain { .startDeclined($0, reason: "you may not") }
    }

    @Test("Once the site tries again, what it failed to start counts as ever")
    func refusedAfterSilence() throws {
        var bench = try Bench()
        try bench.report(0, .failed)
        for _ in 0..<5 {
            guard case .start(0, _, let machine)? = bench.review(after: .seconds(600)).first else { break }
            _ = bench.saga.handle(.startUnanswered(machine, reason: "time-out"), replica: 0)
            _ = bench.review()
        }
        bench.placeable = [0]
        for _ in 0..<3 {
            guard case .start(0, _, let machine)? = bench.review(after: .seconds(600)).first else { break }
            _ = bench.saga.handle(.startRefused(machine, reason: "it was never made"), replica: 0)
            _ = bench.review()
        }
        guard case .delete(0, _, _, _, _)? = bench.review(after: .seconds(600)).first else {
            Issue.record("not given up")
            return
        }
    }

    @Test("After three moves in a row it stays where it is and is started every ten minutes")
    func moveLimit() throws {
        var bench = try Bench()
        bench.placeable = [0]
        for epoch in 1...4 {
            var machine: MachineID?
            for _ in 0..<50 where machine == nil {
                try bench.report(0, .failed)
                _ = bench.review()
                for directive in bench.review(after: .seconds(600)) {
                    if case .delete(_, _, let id, _, _) = directive { machine = id }
                }
            }
            guard let machine else {
                #expect(epoch == 4)
                return
            }
            _ = bench.saga.handle(.deleted(machine), replica: 0)
            try bench.place(0, at: epoch.isMultiple(of: 2) ? Self.tokyo : Self.paris)
        }
        Issue.record("it was moved a fourth time")
    }

    @Test("A drained site is left one by one, and the old machine runs until the new one does")
    func drain() throws {
        var bench = try Bench(replicas: 2)
        bench.draining = [Self.tokyo]
        #expect(bench.review() == [], "nowhere to go")
        bench.placeable = [0, 1]
        let first = bench.review()
        guard case .plan(0, _)? = first.first, first.count == 1 else {
            Issue.record("\(first)")
            return
        }
        #expect(bench.saga.replicas[0].keeping?.predecessor?.epoch == 1)
        #expect(bench.review() == [], "the other one waits")
        #expect(
            bench.notes.count { $0.replica == 1 && $0.text.hasPrefix("stays at tokyo.test, which drains") }
                == 1)
        try bench.place(0, at: Self.paris)
        let relieved = bench.review()
        guard case .retire(0, let hold, let machine)? = relieved.first, hold.site == Self.tokyo else {
            Issue.record("\(relieved)")
            return
        }
        let other = PlacementSaga.Directive.plan(replica: 1, turn: bench.saga.replicas[1].turn)
        #expect(relieved.dropFirst() == [other], "it does not wait for the deletion, which may never come")
        _ = bench.saga.handle(.doomed(machine), replica: 0)
        #expect(bench.saga.replicas[0].keeping?.predecessor != nil)
        guard case .retire? = bench.review(after: .seconds(60)).first else {
            Issue.record("it is asked again until it is gone")
            return
        }
        _ = bench.saga.handle(.deleted(machine), replica: 0)
        #expect(bench.saga.replicas[0].keeping?.predecessor == nil)
    }

    @Test("A machine that nobody confirms to be deleted keeps no other replica from leaving, only its own")
    func leftBehind() throws {
        var bench = try Bench(replicas: 2)
        _ = bench.saga.move(0, to: Self.paris, nil)
        try bench.place(0, at: Self.paris)
        #expect(bench.review().count == 1)
        #expect(bench.saga.replicas[0].keeping?.predecessor?.isEnding == true)
        #expect(!bench.saga.hasOneUnderWay && !bench.saga.isBusy)
        #expect(bench.saga.objectionToMoving(1, nil) == nil)
        #expect(bench.saga.objectionToMoving(0, nil)?.contains("tokyo.test") == true)
        (bench.draining, bench.placeable) = ([Self.paris, Self.tokyo], [0, 1])
        let directives = bench.review()
        #expect(directives == [.plan(replica: 1, turn: bench.saga.replicas[1].turn)])
        #expect(bench.saga.replicas[0].epoch == 2)
        #expect(bench.notes.count { $0.replica == 0 && $0.text.contains("not known to be deleted") } == 1)
        #expect(bench.review() == [], "and that is said once")
        #expect(bench.notes.count { $0.replica == 0 && $0.text.contains("not known to be deleted") } == 1)
    }

    @Test("A machine that somebody suspended stays where it is, with its memory, while its site drains")
    func suspendedAtDrain() throws {
        var bench = try Bench(replicas: 2)
        try bench.report(0, .suspended)
        (bench.draining, bench.placeable) = ([Self.tokyo], [0, 1])
        for _ in 0..<10 {
            for case .plan(let replica, _) in bench.review(after: .seconds(60)) { #expect(replica == 1) }
        }
        #expect(bench.saga.replicas[0].epoch == 1)
        #expect(bench.notes.count { $0.replica == 0 && $0.text.contains("it is suspended there") } == 1)
    }

    @Test("One that is nowhere until a site can take it keeps no other from leaving, and the minimum is kept")
    func othersLeave() throws {
        for minimum in [1, 2] {
            var bench = try Bench(replicas: 2)
            bench.wishes = KeepingWishes(minimum: minimum)
            try bench.report(0, .deleted)
            bench.placeable = [0]
            _ = bench.review()
            _ = bench.saga.handle(
                .unplaceable(reason: "no room", turn: bench.saga.replicas[0].turn), replica: 0)
            #expect(bench.saga.replicas[0].phase == .exhausted("no room"))
            #expect(!bench.saga.hasOneUnderWay && !bench.saga.isBusy && bench.saga.waitingCount == 1)
            #expect(bench.saga.objectionToMoving(1, bench.wishes) == nil)
            (bench.draining, bench.placeable) = ([Self.tokyo], [1])
            guard case .plan(1, _)? = bench.review().last else {
                Issue.record("stays at a site that drains")
                return
            }
            try bench.place(1, at: Self.paris)
            let relieved = bench.review()
            #expect(bench.saga.replicas[1].keeping?.predecessor?.isEnding == (minimum == 1))
            #expect(relieved.isEmpty == (minimum == 2), "no machine goes while too few run")
            #expect(bench.notes.contains { $0.text.contains("runs until 2 of") } == (minimum == 2))
        }
    }

    @Test("With a lease the old machine ends first, and never fewer than the minimum run")
    func drainLeased() throws {
        var bench = try Bench(replicas: 2)
        bench.wishes = KeepingWishes(leaseSeconds: 60, minimum: 2)
        (bench.draining, bench.placeable, bench.leased) = ([Self.tokyo], [0, 1], [0, 1])
        #expect(bench.review() == [])
        #expect(bench.notes.contains { $0.text.contains("2 must run") })
        bench.wishes = KeepingWishes(leaseSeconds: 60)
        guard case .delete(0, _, _, _, _)? = bench.review().first else {
            Issue.record("the old one first")
            return
        }
        #expect(bench.review() == [])
    }

    @Test("Who waits while many others leave says what keeps it twice at most")
    func remarksOfDrain() throws {
        var bench = try Bench(replicas: 6)
        bench.wishes = KeepingWishes(leaseSeconds: 60, minimum: 5)
        (bench.draining, bench.placeable, bench.leased) = ([Self.tokyo], Set(0..<6), Set(0..<6))
        for index in 0..<5 {
            guard case .delete(index, _, let machine, _, _)? = bench.review().first else {
                Issue.record("\(index) does not leave")
                return
            }
            _ = bench.saga.handle(.deleted(machine), replica: index)
            _ = bench.review()
            try bench.place(index, at: Self.paris)
            for state in [MachineState.creating, .starting] {
                try bench.report(index, state)
                _ = bench.review()
            }
            try bench.report(index, .running)
        }
        let remarks = bench.notes.filter { $0.replica == 5 && $0.kind == .waiting }
        #expect((1...2).contains(remarks.count), "\(remarks.map(\.text))")
    }

    @Test("A lapsed lease moves the replica only if another site can take it")
    func lapsed() throws {
        var bench = try Bench(wishes: KeepingWishes(leaseSeconds: 60))
        bench.lapsed = [0]
        #expect(bench.review() == [])
        #expect(bench.saga.replicas[0].epoch == 1)
        bench.placeable = [0]
        guard case .plan(0, _)? = bench.review().first else {
            Issue.record("not placed anew")
            return
        }
        #expect(bench.saga.replicas[0].epoch == 2)
        let machine = try #require(MachineID("00000000-0000-4000-8000-000000000009"))
        let old = ReplicaReference(workload: bench.saga.workload, index: 0, epoch: 1)
        #expect(bench.saga.lease(of: machine, as: old, at: Self.tokyo) == .over)
    }

    @Test(
        "What somebody stopped or suspended is not placed anew because its lease ran out",
        arguments: [(.stopped, .ordered), (.suspended, nil)] as [(MachineState, Halt?)])
    func lapsedOnOrder(state: MachineState, halt: Halt?) throws {
        var bench = try Bench(wishes: KeepingWishes(leaseSeconds: 60))
        try bench.report(0, state, halt: halt)
        (bench.lapsed, bench.placeable) = ([0], [0])
        for _ in 0..<3 { #expect(bench.review(after: .seconds(600)) == []) }
        #expect(bench.saga.replicas[0].epoch == 1)
        #expect(bench.notes.count { $0.kind == .waiting } == 1)
    }

    @Test("A machine whose site knows nothing of its lease is not placed anew beside it")
    func lapsedUnknown() throws {
        var bench = try Bench()
        bench.wishes = KeepingWishes(leaseSeconds: 60)
        (bench.lapsed, bench.placeable) = ([0], [0])
        for _ in 0..<3 { #expect(bench.review(after: .seconds(600)) == []) }
        #expect(bench.saga.replicas[0].epoch == 1)
    }

    @Test("One that fails at a site which drains is started there until another site can take it")
    func failsWhileDraining() throws {
        var bench = try Bench()
        bench.draining = [Self.tokyo]
        try bench.report(0, .failed)
        guard case .start(0, _, _)? = bench.review().first else {
            Issue.record("given up with nowhere to go")
            return
        }
        try bench.failStart(0)
        bench.placeable = [0]
        guard case .delete(0, _, _, _, _)? = bench.review(after: .seconds(5)).first else {
            Issue.record("stays although another site takes it")
            return
        }
    }

    @Test("Another site is looked for only for a replica that would go there")
    func replicasToMove() throws {
        var bench = try Bench(replicas: 3)
        let draining = Circumstances(now: bench.now, draining: [Self.tokyo], placeable: [])
        #expect(Keeper().replicasToMove(in: bench.saga, nil, under: Circumstances(now: bench.now)) == [])
        #expect(Keeper().replicasToMove(in: bench.saga, nil, under: draining) == [0])
        try bench.report(0, .stopped, halt: .ordered)
        #expect(Keeper().replicasToMove(in: bench.saga, nil, under: draining) == [1])
        let wishes = KeepingWishes(leaseSeconds: 60, minimum: 2)
        #expect(Keeper().replicasToMove(in: bench.saga, wishes, under: draining) == [], "two run, two must")
        bench.draining = [Self.tokyo]
        bench.placeable = [1]
        #expect(bench.review().count == 1)
        #expect(Keeper().replicasToMove(in: bench.saga, nil, under: draining) == [], "one after the other")
    }

    @Test("What another site says of the machine that a replica leaves behind does not count")
    func predecessorElsewhere() throws {
        var bench = try Bench()
        let hold = try #require(bench.saga.replicas[0].hold)
        (bench.draining, bench.placeable) = ([Self.tokyo], [0])
        _ = bench.review()
        let elsewhere = Hold(site: Self.paris, reservation: hold.reservation)
        _ = bench.saga.handle(.reported(bench.machine(0, .deleted, at: elsewhere)), replica: 0)
        #expect(bench.saga.replicas[0].keeping?.predecessor?.hold == hold)
        _ = bench.saga.handle(.reported(bench.machine(0, .deleted, at: hold)), replica: 0)
        #expect(bench.saga.replicas[0].keeping?.predecessor == nil)
    }

    @Test("Removed while it moves, both machines are deleted before it counts as removed")
    func removedWhileMoving() throws {
        var bench = try Bench()
        (bench.draining, bench.placeable) = ([Self.tokyo], [0])
        _ = bench.review()
        let old = try #require(bench.saga.replicas[0].keeping?.predecessor?.machine)
        _ = bench.saga.remove()
        #expect(bench.saga.state == .removing)
        guard case .retire(0, _, old)? = bench.review().first else {
            Issue.record("the old machine is forgotten")
            return
        }
        _ = bench.saga.handle(.deleted(old), replica: 0)
        #expect(bench.saga.state == .removed)
    }

    @Test("A clock that was set back by an hour does not keep a replica down")
    func clockSetBack() throws {
        var bench = try Bench()
        try bench.report(0, .failed)
        _ = bench.review()
        try bench.failStart(0)
        bench.now = bench.now.advanced(by: .seconds(-3_600))
        #expect(bench.review().count == 1)
    }
}
