package import CloudModel

/// Whether a site is hot, with hysteresis.
///
/// ```
///        one figure at its limit, N measurements in a row
/// cool ────────────────────────────────────────────────────► hot
///   ▲                                                          │
///   ╰── every figure below its limit less the gap, N in a row ─╯
/// ```
///
/// A figure that is no longer measured neither heats nor keeps hot.
package struct HeatWatch: Sendable {
    private struct Run: Hashable, Sendable {
        var count: Int
        let began: Instant
    }

    package let rules: HeatRules
    /// Measurements in a row at or above the limit, by figure.
    private var runs: [LoadFigure: Run] = [:]
    /// Measurements in a row in which everything was below its limit less the gap; while it is hot.
    private var coolCount = 0
    private var hot: (figure: LoadFigure, share: Double, since: Instant)?

    package init(rules: HeatRules) {
        self.rules = rules
    }

    /// Takes the next measurement.
    package mutating func take(_ sample: LoadSample, at now: Instant) {
        let limits = self.rules.limits.sorted { $0.key.rawValue < $1.key.rawValue }
        for (figure, limit) in limits {
            guard let value = sample[figure], value >= limit else {
                self.runs[figure] = nil
                continue
            }
            self.runs[figure, default: Run(count: 0, began: now)].count += 1
        }
        guard self.hot != nil else { return self.heatUp(sample, limits) }
        let isCool = limits.allSatisfy { figure, limit in
            sample[figure].map { $0 < limit - self.rules.gap } ?? true
        }
        self.coolCount = isCool ? self.coolCount + 1 : 0
        if self.coolCount >= self.rules.measurements {
            self.hot = nil
        } else if let figure = self.hot?.figure, let value = sample[figure] {
            self.hot?.share = value
        }
    }

    private mutating func heatUp(_ sample: LoadSample, _ limits: [(key: LoadFigure, value: Double)]) {
        for (figure, _) in limits {
            guard let run = self.runs[figure], run.count >= self.rules.measurements else { continue }
            self.hot = (figure, sample[figure] ?? 0, run.began)
            self.coolCount = 0
            return
        }
    }

    /// Why the site is hot, as of `now`; nil if it is not.
    package func heat(at now: Instant) -> Heat? {
        guard let hot else { return nil }
        let seconds = max(0, hot.since.duration(to: now).wholeMilliseconds / 1_000)
        return Heat(figure: hot.figure, share: min(1, max(0, hot.share)), seconds: Int(seconds))
    }
}
