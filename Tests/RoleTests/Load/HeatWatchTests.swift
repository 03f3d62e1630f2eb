import Agent
import CloudModel
import TestRandomness
import Testing

@Suite("When a site is hot")
struct HeatWatchTests {
    private static let rules = HeatRules(limits: [.cpu: 0.9, .memory: 0.95], gap: 0.2, measurements: 3)

    private static func at(_ step: Int) -> Instant {
        Instant(millisecondsSinceEpoch: 1_700_000_000_000 + Int64(step) * 5_000)
    }

    /// Whether it is hot after each measurement.
    private func run(_ shares: [Double?], _ figure: LoadFigure = .cpu) -> [Bool] {
        var watch = HeatWatch(rules: Self.rules)
        return shares.enumerated().map { step, share in
            var sample = LoadSample()
            sample[figure] = share
            watch.take(sample, at: Self.at(step))
            return watch.heat(at: Self.at(step)) != nil
        }
    }

    @Test("After as many measurements in a row at the limit as the rules say, not one less")
    func heatsUp() {
        #expect(self.run([0.9, 0.9, 0.9]) == [false, false, true])
        #expect(self.run([1, 1, 0.89, 1, 1, 1]) == [false, false, false, false, false, true])
        #expect(self.run([1, 1, nil, 1, 1]) == [false, false, false, false, false])
        #expect(self.run([1, 1, 1], .disk) == [false, false, false])
    }

    @Test("It cools after as many in a row below the limit less the gap: in between nothing changes")
    func coolsDown() {
        #expect(self.run([1, 1, 1, 0.6, 0.6, 0.6]).suffix(4) == [true, true, true, false])
        #expect(self.run([1, 1, 1, 0.75, 0.75, 0.75, 0.75]).suffix(4) == [true, true, true, true])
        #expect(self.run([1, 1, 1, 0.6, 0.6, 0.75, 0.6, 0.6, 0.6]).suffix(4) == [true, true, true, false])
        #expect(self.run([1, 1, 1, nil, nil, nil]).suffix(2) == [true, false])
    }

    @Test("It says what is too high, how high and for how long")
    func tells() throws {
        var watch = HeatWatch(rules: Self.rules)
        for step in 0..<30 {
            watch.take(LoadSample([.cpu: 0.9 + Double(step) / 1_000, .memory: 0.96]), at: Self.at(step))
        }
        let heat = try #require(watch.heat(at: Self.at(29)))
        #expect(heat.figure == .cpu && abs(heat.share - 0.929) < 1e-9 && heat.seconds == 145)
        #expect(heat.text == "is hot: CPU 93 % for 2 min")
        // A clock that was set back makes no negative time.
        #expect(watch.heat(at: Self.at(-9))?.seconds == 0)
    }

    @Test("It never turns twice within as many measurements as one turn takes", arguments: 0 as UInt64..<100)
    func doesNotFlap(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let shares = (0..<200).map { _ in Double.random(in: 0.55...1, using: &generator) }
        let states = self.run(shares)
        var last = -1
        for index in states.indices.dropFirst() where states[index] != states[index - 1] {
            #expect(index - last >= 3)
            last = index
            let window = shares[(index - 2)...index]
            #expect(window.allSatisfy { states[index] ? $0 >= 0.9 : $0 < 0.700_001 })
        }
    }
}
