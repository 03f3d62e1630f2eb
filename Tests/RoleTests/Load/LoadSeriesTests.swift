import Agent
import CloudModel
import TestRandomness
import Testing

@Suite("A history of load takes the same room for ever")
struct LoadSeriesTests {
    private static func at(_ seconds: Int) -> Instant {
        Instant(millisecondsSinceEpoch: 1_700_000_000_000 + Int64(seconds) * 1_000)
    }

    @Test("A step is the mean of what was measured in it, and one without a measurement is nothing")
    func means() throws {
        var series = LoadSeries(step: .seconds(5), limit: 10)
        let samples: [(Int, LoadSample)] = [
            (0, LoadSample([.cpu: 0.2])), (4, LoadSample([.cpu: 0.4, .memory: 1])),
            (5, LoadSample([.cpu: 1])), (20, LoadSample()),
        ]
        let means = samples.map { time, sample in series.add(sample, at: Self.at(time)) }
        #expect(means[0] == nil && means[1] == nil)
        let mean = try #require(means[2])
        #expect(abs((mean[.cpu] ?? 0) - 0.3) < 1e-9 && mean[.memory] == 1)
        #expect(means[3]?[.cpu] == 1)
        _ = series.add(LoadSample([.cpu: 0.5]), at: Self.at(25))
        let kept = try #require(series.series(of: .cpu))
        #expect(kept.values == [0.3, 1, nil, nil, nil])
        #expect(kept.start == Self.at(0) && kept.stepSeconds == 5)
        #expect(series.series(of: .disk) == nil)
    }

    @Test("The oldest step goes when there is one too many")
    func limit() throws {
        var series = LoadSeries(step: .seconds(5), limit: 3)
        for step in 0...3 { _ = series.add(LoadSample([.cpu: Double(step) / 10]), at: Self.at(step * 5)) }
        #expect(series.series(of: .cpu)?.values == [0, 0.1, 0.2])
        _ = series.add(LoadSample([.cpu: 0.4]), at: Self.at(20))
        #expect(series.series(of: .cpu)?.values == [0.1, 0.2, 0.3])
        // What is older than so many steps is no part of the history, even if nothing came since.
        _ = series.add(LoadSample([.cpu: 0.5]), at: Self.at(1_000))
        _ = series.add(LoadSample([.cpu: 0.6]), at: Self.at(1_005))
        #expect(series.series(of: .cpu)?.values == [0.5])
    }

    @Test("A clock that is set back takes what it dated later with it")
    func setBack() throws {
        var series = LoadSeries(step: .seconds(5), limit: 10)
        for step in 0...6 { _ = series.add(LoadSample([.cpu: Double(step) / 10]), at: Self.at(step * 5)) }
        let mean = series.add(LoadSample([.cpu: 0.9]), at: Self.at(10))
        #expect(mean == nil)
        #expect(series.series(of: .cpu)?.values == [0, 0.1])
        _ = series.add(LoadSample([.cpu: 1]), at: Self.at(15))
        #expect(series.series(of: .cpu)?.values == [0, 0.1, 0.9])
    }

    @Test("Whatever the clock does, there are never more steps than the limit", arguments: 0 as UInt64..<50)
    func bounded(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var series = LoadSeries(step: .seconds(5), limit: 20)
        var now = 0
        for _ in 0..<300 {
            now += Int.random(in: -20...40, using: &generator)
            _ = series.add(
                LoadSample([.cpu: Double.random(in: 0...1, using: &generator)]), at: Self.at(now))
            let values = series.series(of: .cpu)?.values ?? []
            #expect(values.count <= 20)
            #expect(values.allSatisfy { $0.map { (0...1).contains($0) } ?? true })
            let mean = series.mean(ofLast: 12, at: Self.at(now))[.cpu]
            #expect(mean.map { (0...1).contains($0) } == true)
        }
    }

    @Test("A history has ten minutes in steps of five seconds and a day in steps of five minutes")
    func history() throws {
        var history = LoadHistory()
        #expect(history.report(of: AgentFixtures.paris, heat: nil) == nil)
        for step in 0..<(2 * 17_280) {
            _ = history.add(LoadSample([.cpu: step % 2 == 0 ? 0 : 1]), at: Self.at(step * 5))
        }
        let report = try #require(history.report(of: AgentFixtures.paris, heat: nil))
        #expect(report.lines.map(\.figure) == [.cpu])
        let line = report.lines[0]
        #expect(line.recent?.values.count == 120 && line.recent?.stepSeconds == 5)
        #expect(line.day?.values.count == 288 && line.day?.stepSeconds == 300)
        #expect(line.day?.values.last == 0.5)
        #expect(line.peakText == "100 %")
    }
}
