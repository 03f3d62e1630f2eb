import CloudModel
import Placement
import Testing

@Suite("What parts of an application wait for, and for how long")
struct ApplicationWaitingTests {
    private typealias World = ApplicationWorld

    /// Two parts that run, one of which is to have a third replica; no site takes that unless it `isTaken`.
    private static func growing(isTaken: Bool = true) throws -> World {
        let world = try World.running()
        world.apply(World.part("db"), World.part("web", replicas: 3, after: ["db"]))
        world.takesReplicas = isTaken
        return world
    }

    @Test("A number that sites do not take after all is waited for, and asked for again after each pause")
    func fallenBack() throws {
        let world = try Self.growing(isTaken: false)
        for second in 0..<5 {
            world.now = Instant(millisecondsSinceEpoch: Int64(second) * 15_000)
            world.wake()
            world.advance()
            #expect(world.takeLog() == ["resize web 3"])
            #expect(world.state == .applying)
        }
        // It is waited for since it was taken on in vain.
        #expect(world.saga[part: "web"]?.wait?.since == Instant(millisecondsSinceEpoch: 15_000))
        #expect(
            world.saga.waits == [
                "web waits for a site: no site has taken all of 3 replicas (workload show shop-web says why)"
            ])
        world.takesReplicas = true
        world.wake()
        world.advance()
        #expect(world.saga[part: "web"]?.wait == nil)
        #expect(world.state == .running)
    }

    @Test("While replicas that were refused before come up no site is waited for; refused again, anew")
    func takenAtLast() throws {
        let world = try Self.growing(isTaken: false)
        for _ in 0..<2 {
            world.wake()
            world.advance()
        }
        #expect(world.saga[part: "web"]?.wait?.since == world.now)
        world.change(part: "web") { workload in
            workload.specification.replicas = 3
            workload.replicas.append(
                Workload.Replica(
                    index: 2, epoch: 1, site: SiteID("paris.test"), machine: nil, state: .creating))
        }
        world.advance()
        #expect(world.saga.waits == [])
        #expect(world.state == .applying)
        world.now = Instant(millisecondsSinceEpoch: 599_000)
        world.change(part: "web") { workload in
            workload.specification.replicas = 2
            workload.replicas.removeLast()
        }
        world.wake()
        world.advance()
        #expect(world.saga[part: "web"]?.wait?.since == world.now)
    }

    @Test(
        "Whatever number somebody gives a part by hand stays, though that of the document was not reached",
        arguments: [1, 2, 7], [false, true])
    func scaledByHand(count: Int, isAccepted: Bool) throws {
        let world = try Self.growing()
        if isAccepted {
            world.advance()
            world.change(part: "web") { $0.replicas[2].state = .failed }
            world.advance()
            #expect(world.takeLog() == ["resize web 3"])
            #expect(world.state == .applying)
        } else if count == 2 {
            return
        }
        world.wake()
        world.scaleByHand(part: "web", to: count)
        world.advance()
        #expect(world.takeLog() == [])
        #expect(world.state == .running)
        #expect(world.saga.troubles(over: world.workloads) == [])
    }

    @Test("What was waited for before a restart, another document or another part's turn is not counted")
    func waitsAnew() throws {
        let world = try World()
        let parts = [World.part("db"), World.part("web", after: ["db"])]
        world.saga.apply(.init(name: "shop", parts: parts), over: [])
        func wait(_ part: String) {
            world.saga.handle(.postponed(part: part, generation: 1, reason: "no room", at: world.now))
            #expect(world.saga[part: part]?.wait != nil)
        }
        wait("db")
        world.saga.resume()
        #expect(world.saga[part: "db"]?.wait == nil)
        wait("db")
        world.saga.apply(.init(name: "shop", parts: parts), over: [])
        #expect(world.saga[part: "db"]?.wait == nil)
        world.advance()
        world.settle()
        wait("web")
        world.change(part: "db") { $0.replicas[0].state = .starting }
        _ = world.due()
        #expect(world.saga[part: "web"]?.wait == nil)
        #expect(world.words == ["db starting", "web waits for db"])
    }

    @Test("A part that waits for a site is told as that, and goes on when there is one")
    func postponed() throws {
        let world = try World()
        world.apply(World.part("db"))
        _ = world.due()
        let now = Instant(millisecondsSinceEpoch: 5)
        world.saga.handle(.postponed(part: "db", generation: 1, reason: "no room", at: now))
        #expect(world.state == .applying)
        #expect(world.words == ["db waits for a site"])
        #expect(world.states == [.waiting])
        #expect(world.saga.waits == ["db waits for a site: no room"])
        world.saga.handle(
            .postponed(part: "db", generation: 1, reason: "still", at: now.advanced(by: .seconds(9))))
        #expect(world.saga[part: "db"]?.wait?.since == now)
        #expect(world.saga.waits == ["db waits for a site: still"])
        world.advance()
        #expect(world.takeLog() == ["place db 1"])
        #expect(world.saga.waits == [])
    }
}
