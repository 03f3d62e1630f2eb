import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Response times, place by place")
struct ResponseDigestTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    @Test("Every percentile is known to within 7.5 %, fast or slow", arguments: 0 as UInt64..<100)
    func accuracy(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var digest = ResponseDigest()
        var times: [Double] = []
        for _ in 0..<Int.random(in: 1...500, using: &generator) {
            let scales: [Double] = [1, 10, 100, 1_000, 10_000]
            let scale = scales.randomElement(using: &generator) ?? 1
            let time = scale * Double.random(in: 1...10, using: &generator)
            times.append(time)
            digest.add(time)
        }
        times.sort()
        #expect(digest.total == times.count)
        for percent in [50, 75, 90, 95, 99] {
            let exact = times[max(1, (times.count * percent + 99) / 100) - 1]
            let known = try #require(digest.percentile(percent))
            #expect((known - exact).magnitude <= 0.075 * exact, "\(percent) %: \(known), not \(exact)")
        }
    }

    @Test("What was merged is as if it had been counted at once; nothing at all is no time")
    func merging() {
        var one = ResponseDigest()
        var other = ResponseDigest()
        var both = ResponseDigest()
        #expect(both.percentile(95) == nil)
        for number in 1...200 {
            let time = Double(number * number)
            if number.isMultiple(of: 3) { one.add(time) } else { other.add(time) }
            both.add(time)
        }
        one.merge(other)
        #expect(one == both)
        both.add(.infinity, count: 3)
        both.add(5, count: 0)
        #expect(both.total == 203)
    }

    @Test("After five minutes a response is forgotten, and one from a clock that was ahead at once")
    func window() {
        var window = ResponseWindow()
        window.add(100, count: 4, at: Self.start)
        let later = Self.start.advanced(by: .seconds(240))
        window.add(200, count: 1, at: later)
        #expect(window.digest(at: later).total == 5)
        #expect(window.digest(at: later, since: Self.start).total == 1)
        #expect(window.digest(at: Self.start.advanced(by: .seconds(300))).total == 1)
        #expect(window.digest(at: Self.start.advanced(by: .seconds(-3_600))).total == 0)
        let isEmpty = window.forget(Self.start.advanced(by: .seconds(3_600)))
        #expect(isEmpty)
    }

    @Test("The limit on places holds at its edge, and a place that is no longer heard of makes room")
    func places() throws {
        var book = ResponseBook()
        for number in 0..<ResponseBook.placeLimit {
            let report = try ResponseReport(
                place: .site(SiteID("s\(number).test")), samples: [.init(milliseconds: 10)])
            let isTaken = book.record(report, at: Self.start)
            #expect(isTaken)
        }
        let next = try ResponseReport(place: .country("JP"), samples: [.init(milliseconds: 10, count: 9)])
        let isNextTaken = book.record(next, at: Self.start)
        #expect(!isNextTaken)
        let known = try ResponseReport(place: .site(SiteID("s0.test")), samples: [.init(milliseconds: 20)])
        let isKnownTaken = book.record(known, at: Self.start)
        #expect(isKnownTaken)
        let later = Self.start.advanced(by: .seconds(301))
        let isTakenLater = book.record(next, at: later)
        #expect(isTakenLater)
        let responses = book.responses(percentile: 95, at: later)
        #expect(responses.map(\.place) == [.country("JP")])
        #expect(responses.map(\.count) == [9])
    }

    @Test("Reports beyond the limits, of no time or from no place are refused with every reason")
    func refusedReports() throws {
        func isRefused(_ place: Audience.Place, _ samples: [ResponseReport.Sample]) -> Bool {
            (try? ResponseReport(place: place, samples: samples)) == nil
        }
        let japan = Audience.Place.country("JP")
        let many = ResponseReport.Sample(milliseconds: 1, count: ResponseReport.countLimit)
        #expect(!isRefused(japan, Array(repeating: many, count: ResponseReport.sampleLimit)))
        #expect(isRefused(japan, Array(repeating: many, count: ResponseReport.sampleLimit + 1)))
        #expect(isRefused(japan, []))
        for time in [0, -1, Double.nan, .infinity, 600_001] {
            #expect(isRefused(japan, [.init(milliseconds: time)]))
        }
        #expect(!isRefused(japan, [.init(milliseconds: 600_000)]))
        for count in [0, -1, ResponseReport.countLimit + 1] {
            #expect(isRefused(japan, [.init(milliseconds: 1, count: count)]))
        }
        #expect(isRefused(.country("ZZ"), [many]))
        #expect(isRefused(.workload("db"), [many]))
    }

    @Test("Hours of a day are read, may go over midnight, and begin and end on the minute")
    func hours() throws {
        let day = try #require(DailyHours("08:00-20:00"))
        let night = try #require(DailyHours("20:00-08:00"))
        for minute in 0..<1_440 {
            let instant = Instant(millisecondsSinceEpoch: Int64(86_400_000 * 20_000 + 60_000 * minute))
            #expect(day.contains(instant) == (480..<1_200).contains(minute))
            #expect(night.contains(instant) != day.contains(instant))
        }
        for text in ["", "8-20", "08:00", "08:00-08:00", "24:00-01:00", "08:60-09:00", "a8:00-09:00", "-"] {
            #expect(DailyHours(text) == nil, "\(text)")
        }
    }
}
