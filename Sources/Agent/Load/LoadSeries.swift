package import CloudModel

/// Means over steps of one length, the latest so many: memory that does not grow.
package struct LoadSeries: Sendable {
    private struct Step: Hashable, Sendable {
        /// Which multiple of the step's length since 1970 it is.
        let number: Int64
        var sums = LoadSample()
        var counts = LoadSample()

        mutating func add(_ sample: LoadSample) {
            for figure in LoadFigure.allCases {
                guard let value = sample[figure] else { continue }
                self.sums[figure] = (self.sums[figure] ?? 0) + value
                self.counts[figure] = (self.counts[figure] ?? 0) + 1
            }
        }

        var mean: LoadSample {
            var mean = LoadSample()
            for figure in LoadFigure.allCases {
                guard let sum = self.sums[figure], let count = self.counts[figure] else { continue }
                mean[figure] = sum / count
            }
            return mean
        }
    }

    private struct Mean: Sendable {
        let number: Int64
        let values: LoadSample
    }

    /// Steps kept.
    package let limit: Int
    /// The length of a step.
    private let milliseconds: Int64
    /// Finished steps, oldest first; those in which nothing was measured are missing.
    private var means: [Mean] = []
    private var current: Step?

    package init(step: Duration, limit: Int) {
        self.limit = limit
        self.milliseconds = max(1, step.wholeMilliseconds)
        self.means.reserveCapacity(limit + 1)
    }

    /// Takes a measurement; the mean of the step before if this one begins another.
    package mutating func add(_ sample: LoadSample, at now: Instant) -> LoadSample? {
        let number = now.millisecondsSinceEpoch / self.milliseconds
        guard let step = self.current, step.number <= number else {
            // After a clock was set back, what is dated later is not history.
            self.means.removeAll { $0.number >= number }
            self.begin(number, with: sample)
            return nil
        }
        guard step.number < number else {
            self.current?.add(sample)
            return nil
        }
        let mean = step.mean
        self.means.append(Mean(number: step.number, values: mean))
        if self.means.count > self.limit { self.means.removeFirst(self.means.count - self.limit) }
        self.begin(number, with: sample)
        return mean
    }

    private mutating func begin(_ number: Int64, with sample: LoadSample) {
        var step = Step(number: number)
        step.add(sample)
        self.current = step
    }

    /// The mean of the last `count` finished steps up to `now`; of those there are, and of the one that is not
    /// finished if there is no other.
    package func mean(ofLast count: Int, at now: Instant) -> LoadSample {
        let first = now.millisecondsSinceEpoch / self.milliseconds - Int64(count)
        var sum = Step(number: first)
        for mean in self.means.suffix(count) where mean.number >= first { sum.add(mean.values) }
        guard sum == Step(number: first), let current else { return sum.mean }
        return current.mean
    }

    /// The steps of `figure` that are kept, from the oldest to the latest finished; nil if none has it.
    package func series(of figure: LoadFigure) -> LoadReport.Series? {
        guard let newest = self.means.last?.number,
            self.means.contains(where: { $0.values[figure] != nil })
        else { return nil }
        let kept = self.means.filter { $0.number > newest - Int64(self.limit) }
        guard let oldest = kept.first?.number else { return nil }
        var values = [Double?](repeating: nil, count: Int(newest - oldest) + 1)
        for mean in kept {
            values[Int(mean.number - oldest)] = mean.values[figure].map { Self.rounded($0, figure.unit) }
        }
        return LoadReport.Series(
            stepSeconds: Int(self.milliseconds / 1_000),
            start: Instant(millisecondsSinceEpoch: oldest * self.milliseconds), values: values)
    }

    /// As exact as anybody needs it, so that an account of a day stays small.
    private static func rounded(_ value: Double, _ unit: LoadFigure.Unit) -> Double {
        switch unit {
        case .share: (value * 1_000).rounded() / 1_000
        case .bytesPerSecond: value.rounded()
        }
    }
}
