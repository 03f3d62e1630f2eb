import CloudModel
import Placement
import Storage
import TestRandomness
import Testing

@testable import Coordinator

@Suite("The order of what happens to workloads")
struct EventFeedTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    private static func placement(_ number: UInt64) -> StoredPlacement {
        var generator = SeededGenerator(seed: number)
        return StoredPlacement(
            owner: "alice@paris.test", idempotencyKey: nil,
            specification: CoordinatorBench.specification("web\(number)"), created: Self.start,
            changed: Self.start,
            saga: PlacementSaga(workload: WorkloadID(randomUsing: &generator), replicas: 1), revision: 1)
    }

    private static func event(_ number: Int) -> WorkloadEvent {
        WorkloadEvent(number: number, at: Self.start, kind: .running, replica: 0, site: nil, text: "runs")
    }

    private static func positions(_ feed: EventFeed, after position: Int64) -> [Int64] {
        feed.news(after: position, of: nil, most: .max).news.compactMap(\.event.position)
    }

    @Test("Positions rise, though the clock is set back")
    func rising() {
        var feed = EventFeed()
        let placement = Self.placement(1)
        var last: Int64 = 0
        for (number, shift) in [0, 5, -3_600_000, -3_600_000, 10].enumerated() {
            let event = feed.number(
                Self.event(number + 1), of: placement, now: Self.start.advanced(by: .milliseconds(shift)))
            #expect((event.position ?? 0) > last)
            last = event.position ?? 0
        }
    }

    @Test("After a restart long after the last event nothing is missing, and what is missing is told once")
    func quiet() {
        var stored = Self.placement(1)
        var before = EventFeed()
        var event = before.number(Self.event(1), of: stored, now: Self.start)
        _ = stored.log([KeepingNote(.running, replica: 0, site: nil, "runs")], at: Self.start)
        stored.replaceLast(with: [event])
        let old = event.position ?? 0
        var feed = EventFeed()
        feed.load([stored], forgetting: Self.start.advanced(by: .seconds(86_400)))
        let begin = feed.settled
        #expect(feed.news(after: begin, of: nil, most: .max).isComplete)
        let missed = feed.news(after: old, of: nil, most: .max)
        #expect(!missed.isComplete)
        event = feed.number(
            Self.event(2), of: stored, now: Self.start.advanced(by: .seconds(2 * 86_400)))
        feed.stored([event])
        for position in [begin, missed.through] {
            let next = feed.news(after: position, of: nil, most: .max)
            #expect(next.isComplete)
            #expect(next.news.compactMap(\.event.position) == [event.position])
        }
    }

    @Test("Nothing is told before it is on disk, nor what comes after it", arguments: 0 as UInt64..<50)
    func durable(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var feed = EventFeed()
        let placement = Self.placement(seed)
        var waiting: [WorkloadEvent] = []
        var told: [Int64] = []
        var given: [Int64] = []
        for number in 1...100 {
            let event = feed.number(Self.event(number), of: placement, now: Self.start)
            given.append(event.position ?? 0)
            waiting.append(event)
            while let next = waiting.indices.randomElement(using: &generator), Bool.random(using: &generator)
            {
                feed.stored([waiting.remove(at: next)])
            }
            told += Self.positions(feed, after: told.last ?? 0)
            #expect(told == Array(given.prefix(told.count)))
            #expect(waiting.allSatisfy { !told.contains($0.position ?? 0) })
        }
        feed.stored(waiting)
        told += Self.positions(feed, after: told.last ?? 0)
        #expect(told == given)
    }

    @Test("What is never stored holds nothing up")
    func forgotten() {
        var feed = EventFeed()
        let (first, second) = (Self.placement(1), Self.placement(2))
        _ = feed.number(Self.event(1), of: first, now: Self.start)
        let event = feed.number(Self.event(1), of: second, now: Self.start)
        feed.stored([event])
        #expect(Self.positions(feed, after: 0) == [])
        feed.forget(first.id)
        #expect(Self.positions(feed, after: 0).last == event.position)
    }

    @Test("So many events are kept; who knows less is told that something is missing")
    func bounded() {
        var feed = EventFeed()
        let placement = Self.placement(1)
        var given: [Int64] = []
        for number in 1...(EventFeed.limit + EventFeed.limit / 4) {
            let event = feed.number(Self.event(number), of: placement, now: Self.start)
            feed.stored([event])
            given.append(event.position ?? 0)
        }
        #expect(feed.entries.count == EventFeed.limit)
        let lost = given[given.count - EventFeed.limit - 1]
        #expect(feed.news(after: lost, of: nil, most: 10).isComplete)
        #expect(!feed.news(after: lost - 1, of: nil, most: 10).isComplete)
        #expect(feed.news(after: lost, of: nil, most: 10).news.count == 10)
    }

    @Test("Of others' events nothing is told, and they are not looked at again")
    func others() {
        var feed = EventFeed()
        let placement = Self.placement(1)
        for number in 1...5 {
            feed.stored([feed.number(Self.event(number), of: placement, now: Self.start)])
        }
        let found = feed.news(after: 0, of: "bob@paris.test", most: 3)
        #expect(found.news == [])
        #expect(found.through == Self.positions(feed, after: 0)[2])
    }

    @Test("So many may watch, and so many of one caller; who leaves makes room")
    func watchers() {
        var count = WatcherCount()
        for caller in 0..<(WatcherCount.most / WatcherCount.mostPerCaller) {
            for _ in 0..<WatcherCount.mostPerCaller { #expect(count.enter("\(caller)") == .welcome) }
            #expect(count.enter("\(caller)") == .tooMany(ofCaller: true))
        }
        #expect(count.enter("another") == .tooMany(ofCaller: false))
        count.leave("0")
        #expect(count.enter("another") == .welcome)
        count.leave("nobody")
        #expect(count.enter("0") == .tooMany(ofCaller: false))
    }
}
