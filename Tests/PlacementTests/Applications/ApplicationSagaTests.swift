import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("What is done about an application, and in which order")
struct ApplicationSagaTests {
    private typealias World = ApplicationWorld

    @Test(
        "A part is placed only when those that it comes after run, or have their sites if it is bound to them"
    )
    func order() throws {
        let world = try World()
        world.apply(
            World.part("web", after: ["api"]), World.part("api", after: ["db"], within: ["cache": 20]),
            World.part("cache"), World.part("db"))
        world.advance()
        #expect(world.takeLog() == ["place cache 1", "place db 1"])
        #expect(
            world.words == ["web waits for api", "api waits for db", "cache starting", "db starting"])
        #expect(world.states == [.waiting, .waiting, .starting, .starting])
        #expect(world.state == .applying)
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["place api 1"])
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["place web 1"])
        world.settle()
        world.advance()
        #expect(world.takeLog() == [])
        #expect(world.state == .running)
        #expect(world.names == ["shop-cache", "shop-db", "shop-api", "shop-web"])
    }

    @Test("The same document again does nothing, at whatever moment")
    func idempotence() throws {
        let world = try World()
        let parts = [World.part("db"), World.part("web", replicas: 2, after: ["db"])]
        for _ in 0..<4 {
            for _ in 0..<2 { world.saga.apply(.init(name: "shop", parts: parts), over: world.workloads) }
            world.advance()
            world.settle()
        }
        #expect(world.takeLog() == ["place db 1", "place web 1"])
        #expect(world.state == .running)
        let changes = world.saga.changes(to: .init(name: "shop", parts: parts), over: world.workloads)
        #expect(changes.map(\.kind) == [.unchanged, .unchanged])
    }

    @Test("Another number of replicas is scaled in place")
    func scale() throws {
        let world = try World.running()
        let wanted = World.shop(World.part("db"), World.part("web", replicas: 3, after: ["db"]))
        let changes = world.saga.changes(to: wanted, over: world.workloads)
        #expect(changes.map(\.kind) == [.unchanged, .scale])
        #expect(changes[1].differences == ["replicas 2 → 3"])
        world.saga.apply(wanted, over: world.workloads)
        #expect(world.state == .applying)
        #expect(world.words == ["db running", "web being resized to 3"])
        #expect(world.states == [.running, .starting])
        world.advance()
        #expect(world.takeLog() == ["resize web 3"])
        #expect(world.state == .running)
        #expect(world.states == [.running, .running])
        // Once it is done it is left alone, whoever scales it afterwards.
        world.change(part: "web") { $0.specification.replicas = 7 }
        world.advance()
        #expect(world.takeLog() == [])
    }

    @Test("A part that follows its users has as many replicas as they need")
    func following() throws {
        let world = try World()
        var part = World.part("web")
        part.workload.following = FollowingWishes(target: 100, maximum: 5)
        world.saga.apply(.init(name: "shop", parts: [part]), over: [])
        world.advance()
        world.settle()
        world.change(part: "web") { $0.specification.replicas = 4 }
        let changes = world.saga.changes(to: .init(name: "shop", parts: [part]), over: world.workloads)
        #expect(changes.map(\.kind) == [.unchanged])
        world.saga.apply(.init(name: "shop", parts: [part]), over: world.workloads)
        _ = world.takeLog()
        world.advance()
        #expect(world.takeLog() == [])
    }

    @Test("What became of an earlier wish says nothing about the one that holds now")
    func staleEvents() throws {
        let world = try World.running()
        world.apply(World.part("db"), World.part("web", replicas: 5, after: ["db"]))
        world.scaleByHand(part: "web", to: 3)
        world.saga.handle(.resized(part: "web", to: 3, at: world.now))
        world.saga.handle(.resizeRefused(part: "web", to: 50, reason: "no room"))
        #expect(world.state == .applying)
        world.advance()
        #expect(world.takeLog() == ["resize web 5"])
        #expect(world.state == .running)
    }

    @Test("What still serves keeps what it came after, until another one has taken over")
    func formerOrder() throws {
        let world = try World.running()
        world.apply(World.part("store"), World.part("web", replicas: 2, memory: 2, after: ["store"]))
        world.advance()
        #expect(world.takeLog() == ["place store 1"])
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["place web 2"])
        #expect(world.names == ["shop-db", "shop-web", "shop-store", "shop-web-g2"])
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["remove web 1"])
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["remove db 1"])
    }

    @Test("However many documents are applied while a replacement is stuck, only what is there is remembered")
    func formerOrderBounded() throws {
        let world = try World.running()
        for number in 0..<10 {
            let other = "other\(number)"
            world.apply(World.part(other), World.part("web", replicas: 2, memory: 2, after: [other]))
            world.advance(refused: [other])
        }
        world.apply(World.part("web", replicas: 2, memory: 2, after: ["none"]))
        #expect(world.saga[part: "web"]?.formerAfter == ["db"])
        #expect(!world.takeLog().contains("remove db 1"))
    }

    @Test("What goes on serving after a cancellation keeps what it came after, until a document is applied")
    func formerOrderCancelled() throws {
        let world = try World.running()
        world.apply(World.part("store"), World.part("web", replicas: 2, memory: 2, after: ["store"]))
        world.advance(refused: ["store"])
        #expect(world.takeLog() == ["place store 1"])
        world.saga.cancel(over: world.workloads)
        // Not even while it is down for a moment.
        for state in [MachineState.running, .starting, .running] {
            world.change(part: "web") { $0.replicas[0].state = state }
            world.advance()
        }
        #expect(world.takeLog() == [])
        #expect(world.words == ["store cancelled", "web running", "db to be removed after web"])
        #expect(world.states == [.cancelled, .running, .removing])
        world.apply(World.part("store"), World.part("web", replicas: 2, memory: 2, after: ["store"]))
        for _ in 0..<5 {
            world.advance()
            world.settle()
        }
        #expect(world.takeLog() == ["place store 2", "place web 2", "remove web 1", "remove db 1"])
        #expect(world.state == .running)
    }

    @Test("A changed part is placed beside the old one, which goes once the new one runs")
    func replace() throws {
        let world = try World.running()
        let wanted = World.shop(World.part("db"), World.part("web", replicas: 2, memory: 2, after: ["db"]))
        let changes = world.saga.changes(to: wanted, over: world.workloads)
        #expect(changes.map(\.kind) == [.unchanged, .replace])
        #expect(changes[1].differences.count == 1)
        #expect(changes[1].differences[0].hasPrefix("size 1 vCPU, 1 GiB memory"))
        world.saga.apply(wanted, over: world.workloads)
        world.advance()
        #expect(world.takeLog() == ["place web 2"])
        #expect(world.names == ["shop-db", "shop-web", "shop-web-g2"])
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["remove web 1"])
        #expect(world.state == .applying)
        world.settle()
        world.advance()
        #expect(world.names == ["shop-db", "shop-web-g2"])
        #expect(world.state == .running)
    }

    @Test(
        "A part that does not run at the moment has its disk all the same: it stays until another one runs",
        arguments: [MachineState.stopped, .starting], [false, true])
    func replacedWhileDown(state: MachineState, isCancelled: Bool) throws {
        let world = try World.running()
        world.change(part: "db") { $0.replicas[0].state = state }
        let wanted = World.shop(World.part("db", memory: 2), World.part("web", replicas: 2, after: ["db"]))
        let changes = world.saga.changes(to: wanted, over: world.workloads)
        #expect(changes.map(\.kind) == [.replace, .unchanged])
        #expect(changes.map(\.destroys) == [true, false])
        world.saga.apply(wanted, over: world.workloads)
        world.advance()
        #expect(world.takeLog() == ["place db 2"])
        #expect(world.names == ["shop-db", "shop-web", "shop-db-g2"])
        if isCancelled {
            world.saga.cancel(over: world.workloads)
        } else {
            world.settle()
        }
        world.advance()
        #expect(world.takeLog() == [isCancelled ? "remove db 2" : "remove db 1"])
    }

    @Test(
        "A replacement that finds no site leaves the old one running; the old document again takes that back")
    func replacementRefused() throws {
        let world = try World.running()
        world.apply(World.part("db"), World.part("web", replicas: 2, memory: 2, after: ["db"]))
        world.advance(refused: ["web"])
        #expect(world.takeLog() == ["place web 2"])
        #expect(world.state == .failed)
        #expect(world.saga.troubles(over: world.workloads) == ["web: no room"])
        #expect(world.names == ["shop-db", "shop-web"])
        world.apply(World.part("db"), World.part("web", replicas: 2, after: ["db"]))
        world.advance()
        #expect(world.takeLog() == [])
        #expect(world.state == .running)
    }

    @Test(
        "The earlier document again gives the replacement up: machines that it may have are not deleted unasked",
        arguments: [false, true], [2, 3])
    func replacementTakenBack(hasMachines: Bool, replicas: Int) throws {
        let world = try World.replacing()
        world.change(part: "web") { workload in
            workload.state = .placing
            workload.replicas = [
                Workload.Replica(
                    index: 0, epoch: 1, site: hasMachines ? SiteID("paris.test") : nil, machine: nil,
                    state: hasMachines ? .running : nil),
                Workload.Replica(index: 1, epoch: 1, site: nil, machine: nil, state: nil),
            ]
        }
        let before = World.shop(
            World.part("db"), World.part("web", replicas: replicas, after: ["db"]))
        let changes = world.saga.changes(to: before, over: world.workloads)
        #expect(changes.map(\.kind) == [.unchanged, replicas == 2 ? .unchanged : .scale])
        #expect(changes.map(\.destroys) == [false, hasMachines])
        let givenUp = "shop-web-g2, which was to take over, is given up"
        #expect(changes[1].differences.contains(givenUp) == hasMachines)
        // What is agreed to once is not asked for again: the old one goes once the new one runs.
        let same = World.shop(World.part("db"), World.part("web", replicas: 2, memory: 2, after: ["db"]))
        #expect(world.saga.changes(to: same, over: world.workloads).map(\.destroys) == [false, false])
    }

    @Test("A replacement that fails once it is placed is given up for the workload that still runs")
    func replacementFailed() throws {
        let world = try World.replacing()
        world.change(part: "web") { workload in
            workload.state = .failed
            workload.reason = "no site left"
        }
        world.advance()
        #expect(world.state == .failed)
        #expect(world.saga.troubles(over: world.workloads) == ["web: no site left"])
        _ = world.takeLog()
        world.saga.cancel(over: world.workloads)
        world.advance()
        #expect(world.takeLog() == ["remove web 2"])
        world.settle()
        #expect(world.names == ["shop-db", "shop-web"])
        #expect(world.words == ["db running", "web running"])
        #expect(world.state == .cancelled)
    }

    @Test(
        "A part that every site refused is asked for again, and waits; what had a site once is left to its keeper"
    )
    func turnedAway() throws {
        let world = try World.replacing()
        world.change(part: "web") { workload in
            workload.state = .failed
            workload.replicas[1] = Workload.Replica(index: 1, epoch: 1, site: nil, machine: nil, state: nil)
        }
        let id = try #require(world.workloads.last?.id)
        #expect(world.due() == [.retry(part: "web", id)])
        #expect(world.state == .applying)
        #expect(world.states == [.running, .waiting])
        #expect(world.saga.troubles(over: world.workloads) == [])
        world.saga.handle(.postponed(part: "web", generation: 2, reason: "not now", at: world.now))
        // Taken by a site it only has to come up; refused again, it has waited since the first time.
        world.now = Instant(millisecondsSinceEpoch: 15_000)
        world.change(part: "web") { $0.state = .placing }
        #expect(world.due() == [])
        #expect(world.saga[part: "web"]?.wait?.since == Instant(millisecondsSinceEpoch: 0))
        world.change(part: "web") { $0.state = .failed }
        #expect(world.due() == [.retry(part: "web", id)])
        world.saga.handle(.postponed(part: "web", generation: 2, reason: "nor now", at: world.now))
        #expect(world.saga[part: "web"]?.wait?.since == Instant(millisecondsSinceEpoch: 0))
        #expect(world.saga.waits == ["web waits for a site: nor now"])

        world.change(part: "web") { $0.replicas[1].change = .moving }
        #expect(world.due() == [])
        #expect(world.state == .failed)
        world.change(part: "web") { $0.replicas[1].change = nil }
        world.saga.handle(.refused(part: "web", generation: 2, reason: "for too long"))
        #expect(world.due() == [])
        #expect(world.saga.troubles(over: world.workloads) == ["web: for too long"])
    }

    @Test("Parts that the document no longer names go, those that came after others first")
    func removedParts() throws {
        let world = try World.running()
        let changes = world.saga.changes(to: World.shop(World.part("new")), over: world.workloads)
        #expect(changes.map(\.part) == ["new", "web", "db"])
        #expect(changes.map(\.kind) == [.add, .remove, .remove])
        world.apply(World.part("new"))
        world.advance()
        #expect(world.takeLog() == ["place new 1", "remove web 1"])
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["remove db 1"])
        world.settle()
        world.advance()
        #expect(world.saga.members.map(\.name) == ["new"])
        #expect(world.state == .running)
    }

    @Test("Removing the application removes its parts in reverse order")
    func removal() throws {
        let world = try World.running()
        world.saga.remove()
        world.advance()
        #expect(world.takeLog() == ["remove web 1"])
        #expect(world.words == ["db to be removed after web", "web being removed"])
        #expect(world.state == .removing)
        world.settle()
        world.advance()
        #expect(world.takeLog() == ["remove db 1"])
        world.settle()
        #expect(world.saga.isGone(over: world.workloads))
        #expect(world.state == .removed)
    }

    @Test("After a refusal nothing more is begun, until the document is applied again")
    func refusal() throws {
        let world = try World()
        world.apply(World.part("db"), World.part("cache"), World.part("web", after: ["cache"]))
        world.advance(refused: ["db"])
        #expect(world.takeLog().prefix(1) == ["place db 1"])
        world.settle()
        world.advance()
        #expect(world.state == .failed)
        #expect(!world.names.contains("shop-web"))
        world.apply(World.part("db"), World.part("cache"), World.part("web", after: ["cache"]))
        _ = world.takeLog()
        world.advance()
        #expect(world.takeLog().contains("place db 1"))
    }

    @Test(
        "A part whose workload was removed by hand fails the application, and is placed anew when it is applied"
    )
    func removedByHand() throws {
        let world = try World.running()
        world.change(part: "web") { $0.state = .removing }
        #expect(world.state == .failed)
        world.settle()
        world.advance()
        #expect(world.takeLog() == [])
        #expect(world.state == .failed)
        #expect(world.saga.troubles(over: world.workloads) == ["web: its workload was removed by hand"])
        world.apply(World.part("db"), World.part("web", replicas: 2, after: ["db"]))
        world.advance()
        #expect(world.takeLog() == ["place web 2"])
    }

    @Test("Cancelling gives up what does not run, keeps what runs, and can be taken back")
    func cancellation() throws {
        let world = try World()
        world.apply(World.part("db"), World.part("web", after: ["db"]), World.part("job", after: ["web"]))
        world.advance()
        world.settle()
        world.advance()
        _ = world.takeLog()
        world.saga.cancel(over: world.workloads)
        world.advance()
        #expect(world.takeLog() == ["remove web 1"])
        world.settle()
        world.advance()
        #expect(world.words == ["db running", "web cancelled", "job cancelled"])
        #expect(world.state == .cancelled)
        #expect(world.takeLog() == [])
        world.apply(World.part("db"), World.part("web", after: ["db"]), World.part("job", after: ["web"]))
        world.advance()
        #expect(world.takeLog() == ["place web 2"])
    }

    @Test(
        "Cancelling keeps what has run and has its disk, also while it does not run",
        arguments: [MachineState.stopped, .starting, .failed])
    func cancelledWhileDown(state: MachineState) throws {
        let world = try World.running()
        world.advance()
        world.change(part: "db") { $0.replicas[0].state = state }
        world.apply(World.part("db"), World.part("web", replicas: 2, after: ["db"]), World.part("job"))
        world.advance()
        #expect(world.takeLog() == ["place job 1"])
        world.saga.cancel(over: world.workloads)
        world.advance()
        #expect(world.takeLog() == ["remove job 1"])
        #expect(world.states == [.starting, .running, .cancelled])
    }

    @Test("What a coordinator forgot to write down is found by its mark: nothing is placed twice")
    func markedOnly() throws {
        let world = try World()
        world.apply(World.part("db"))
        let directives = world.due()
        #expect(directives == [.place(part: "db", generation: 1)])
        // It was placed; the coordinator died before it knew.
        let before = world.saga
        world.advance()
        world.saga = before
        world.advance()
        #expect(world.names == ["shop-db"])
        world.settle()
        #expect(world.state == .running)
    }

    @Test(
        "Whatever is applied, in whatever order and at whatever moment, it ends as the last document says",
        arguments: 0 as UInt64..<200)
    func chaos(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let world = try World()
        let names = ["a", "b", "c", "d"]
        var last = World.shop()
        var pending: (directives: [ApplicationSaga.Directive], saga: ApplicationSaga)?
        for _ in 0..<16 {
            switch Int.random(in: 0..<7, using: &random) {
            case 0...2:
                var parts: [ApplicationSpecification.Part] = []
                for name in names where Bool.random(using: &random) {
                    let others = parts.map(\.name).filter { _ in Bool.random(using: &random) }
                    parts.append(
                        World.part(
                            name, replicas: Int.random(in: 1...3, using: &random),
                            memory: Int64.random(in: 1...2, using: &random), after: others))
                }
                last = .init(name: "shop", parts: parts)
                world.saga.apply(last, over: world.workloads)
                world.wake()
            case 3:
                let directives = world.due()
                pending = (directives, world.saga)
            case 4:
                // As the coordinator does, only what is still asked for.
                if let pending, pending.saga == world.saga,
                    let one = pending.directives.randomElement(using: &random)
                {
                    world.carryOut(one)
                }
            case 5: world.settle()
            case _: world.advance(refused: Bool.random(using: &random) ? ["a"] : [])
            }
        }
        // What was refused is not tried again by itself.
        if world.state == .failed { world.saga.apply(last, over: world.workloads) }
        world.wake()
        for _ in 0..<20 {
            world.advance()
            world.settle()
        }
        #expect(world.saga.members.map(\.name) == last.parts.map(\.name))
        #expect(world.workloads.count == last.parts.count)
        for part in last.parts {
            let there = world.workloads.filter { $0.specification.part?.part == part.name }
            #expect(there.map(\.specification.replicas) == [part.workload.replicas])
            #expect(there.map(\.specification.resources) == [part.workload.resources])
        }
        if !last.parts.isEmpty { #expect(world.state == .running) }
    }
}
