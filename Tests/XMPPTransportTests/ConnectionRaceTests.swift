import NIOCore
import NIOEmbedded
import Synchronization
import TestRandomness
import Testing

@testable import XMPPTransport

@Suite("Happy eyeballs")
struct ConnectionRaceTests {
    @Test("RFC 8305 §5: the next attempt begins when the stagger is over, and the first connection counts")
    func staggered() {
        var race = ConnectionRace(count: 3)
        #expect(race.start() == [.connect(0), .wait(after: 0)])
        #expect(race.staggerOver(after: 0) == [.connect(1), .wait(after: 1)])
        #expect(race.staggerOver(after: 0) == [])
        #expect(race.connected(1) == [.won(1), .close(0)])
        #expect(race.staggerOver(after: 1) == [])
        #expect(race.connected(0) == [])
        #expect(race.failed(0) == [])
    }

    @Test(
        "RFC 8305 §5: a failure of the latest attempt begins the next one at once, that of an older one does not"
    )
    func failures() {
        var race = ConnectionRace(count: 3)
        _ = race.start()
        #expect(race.failed(0) == [.connect(1), .wait(after: 1)])
        // The time of the failed attempt is over: nothing is begun twice.
        #expect(race.staggerOver(after: 0) == [])
        #expect(race.staggerOver(after: 1) == [.connect(2)])
        #expect(race.failed(1) == [])
        #expect(race.failed(2) == [.lost])
        #expect(race.failed == [0, 1, 2])
    }

    @Test("Without a place there is nothing to wait for")
    func none() {
        var race = ConnectionRace(count: 0)
        #expect(race.start() == [.lost])
    }

    @Test("Each place is tried once, and exactly one connection is kept", arguments: 0 as UInt64..<200)
    func anyOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...6, using: &random)
        var race = ConnectionRace(count: count)
        var (begun, kept, closed, lost): ([Int], [Int], Set<Int>, Bool) = ([], [], [], false)
        var (open, timers): (Set<Int>, Set<Int>) = ([], [])
        func perform(_ directives: [ConnectionRace.Directive]) {
            for directive in directives {
                switch directive {
                case .connect(let index):
                    begun.append(index)
                    open.insert(index)
                case .wait(let index): timers.insert(index)
                case .won(let index): kept.append(index)
                case .close(let index):
                    closed.insert(index)
                    open.remove(index)
                case .lost: lost = true
                }
            }
        }
        perform(race.start())
        while !open.isEmpty || !timers.isEmpty {
            let choices = open.sorted().flatMap { [(0, $0), (1, $0)] } + timers.sorted().map { (2, $0) }
            guard let (kind, index) = choices.randomElement(using: &random) else { return }
            switch kind {
            case 0:
                open.remove(index)
                perform(race.connected(index))
            case 1:
                open.remove(index)
                perform(race.failed(index))
            default:
                timers.remove(index)
                perform(race.staggerOver(after: index))
            }
        }
        #expect(begun == Array(0..<begun.count))
        #expect(kept.count == (lost ? 0 : 1))
        #expect(!lost || begun.count == count)
        #expect(closed.isDisjoint(with: kept))
    }

    /// Attempts that end when a test says so.
    private final class Attempts: Sendable {
        struct State {
            var promises: [Int: EventLoopPromise<any Channel>] = [:]
            var begun: [Int] = []
            var givenUp: [Int] = []
        }

        let loop: EmbeddedEventLoop
        let state = Mutex(State())

        init(_ loop: EmbeddedEventLoop) { self.loop = loop }

        func begin(_ index: Int) -> ConnectionRacer.Attempt {
            let promise = self.loop.makePromise(of: (any Channel).self)
            self.state.withLock { state in
                state.promises[index] = promise
                state.begun.append(index)
            }
            return ConnectionRacer.Attempt(channel: promise.futureResult) {
                self.state.withLock { $0.givenUp.append(index) }
                promise.fail(ChannelError.ioOnClosedChannel)
            }
        }

        func promise(_ index: Int) throws -> EventLoopPromise<any Channel> {
            try #require(self.state.withLock { $0.promises[index] })
        }

        var begun: [Int] { self.state.withLock { $0.begun } }
        var givenUp: [Int] { self.state.withLock { $0.givenUp } }
    }

    @Test("RFC 8305 §5: with a clock of our own, attempts are 250 ms apart and the losers are closed")
    func clock() throws {
        let loop = EmbeddedEventLoop()
        let attempts = Attempts(loop)
        let race = ConnectionRacer.run(
            count: 4, on: loop, stagger: TransportLimits().connectionStagger
        ) { attempts.begin($0) }
        let winner = Mutex<ConnectionRacer.Winner?>(nil)
        race.whenSuccess { won in winner.withLock { $0 = won } }
        loop.run()
        #expect(attempts.begun == [0])
        loop.advanceTime(by: .milliseconds(249))
        #expect(attempts.begun == [0])
        loop.advanceTime(by: .milliseconds(1))
        #expect(attempts.begun == [0, 1])
        try attempts.promise(1).fail(ChannelError.connectTimeout(.seconds(1)))
        loop.run()
        #expect(attempts.begun == [0, 1, 2])
        let channel = EmbeddedChannel(loop: loop)
        try attempts.promise(2).succeed(channel)
        loop.run()
        let won = try #require(winner.withLock { $0 })
        #expect(won.index == 2)
        #expect(won.channel === channel)
        #expect(won.failed == [1])
        #expect(attempts.givenUp == [0])
        loop.advanceTime(by: .seconds(60))
        #expect(attempts.begun == [0, 1, 2])
        _ = try channel.finish()
    }

    @Test("When every place fails, the error is that of the last")
    func lost() throws {
        let loop = EmbeddedEventLoop()
        let attempts = Attempts(loop)
        let race = ConnectionRacer.run(count: 2, on: loop, stagger: .milliseconds(250)) { attempts.begin($0) }
        loop.run()
        try attempts.promise(0).fail(ChannelError.alreadyClosed)
        loop.run()
        try attempts.promise(1).fail(ChannelError.eof)
        loop.run()
        #expect(throws: ChannelError.eof) { try race.wait() }
    }
}
