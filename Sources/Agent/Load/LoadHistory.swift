package import CloudModel

/// What a site's hosts did lately: ten minutes in short steps, a day in longer ones.
///
/// Held in memory only, about 100 KB: after a restart it begins anew. Writing it down would cost a transaction every
/// few seconds, for figures that nobody decides by.
package struct LoadHistory: Sendable {
    /// The short steps, and how many of them are kept.
    package static let shortStep = Duration.seconds(5)
    package static let shortLimit = 120
    /// The long steps, and how many of them are kept.
    package static let longStep = Duration.seconds(300)
    package static let longLimit = 288
    /// How many short steps make the minute that a site's account tells the mean of.
    package static let accountSteps = 12

    private var short = LoadSeries(step: Self.shortStep, limit: Self.shortLimit)
    private var long = LoadSeries(step: Self.longStep, limit: Self.longLimit)
    private var last: (sample: LoadSample, at: Instant)?

    package init() {}

    /// Takes a measurement; the mean of the short step that it ends, if it ends one.
    package mutating func add(_ sample: LoadSample, at now: Instant) -> LoadSample? {
        self.last = (sample, now)
        _ = self.long.add(sample, at: now)
        return self.short.add(sample, at: now)
    }

    /// The mean of the last minute.
    package func minute(at now: Instant) -> LoadSample {
        self.short.mean(ofLast: Self.accountSteps, at: now)
    }

    /// Everything; nil before the first measurement.
    package func report(of site: SiteID, heat: Heat?) -> LoadReport? {
        guard let last else { return nil }
        let lines = LoadFigure.allCases.compactMap { figure -> LoadReport.Line? in
            let recent = self.short.series(of: figure)
            guard last.sample[figure] != nil || recent != nil else { return nil }
            return LoadReport.Line(
                figure: figure, now: last.sample[figure], recent: recent, day: self.long.series(of: figure))
        }
        return LoadReport(site: site, measured: last.at, heat: heat, lines: lines)
    }
}
