/// What a site's hosts do now and did lately: figure by figure, with their history.
package struct LoadReport: Hashable, Codable, Sendable {
    /// Means over steps of one length; a step in which nothing was measured is nil.
    package struct Series: Hashable, Codable, Sendable {
        package let stepSeconds: Int
        /// When the first step begins, by the site's clock.
        package let start: Instant
        package let values: [Double?]

        package init(stepSeconds: Int, start: Instant, values: [Double?]) {
            self.stepSeconds = stepSeconds
            self.start = start
            self.values = values
        }
    }

    package struct Line: Hashable, Codable, Sendable {
        package let figure: LoadFigure
        package let title: String
        package let unit: LoadFigure.Unit
        /// The last measurement; of another site, the mean over a minute that it told.
        package let now: Double?
        /// The same as people read it.
        package let nowText: String
        /// The highest step of the last minutes, as people read it; nil without a history.
        package let peakText: String?
        /// The last minutes; nil without a history.
        package let recent: Series?
        /// The last day; nil without a history.
        package let day: Series?

        package init(figure: LoadFigure, now: Double?, recent: Series? = nil, day: Series? = nil) {
            self.figure = figure
            self.title = figure.title
            self.unit = figure.unit
            self.now = now
            self.nowText = now.map { figure.text($0) } ?? "–"
            self.peakText = recent?.values.compactMap { $0 }.max().map { figure.text($0) }
            self.recent = recent
            self.day = day
        }
    }

    package let site: SiteID
    /// When this was measured, by the site's own clock.
    package let measured: Instant
    /// Nil while the site takes new work as far as its load goes.
    package let heat: Heat?
    /// Figures that the site cannot measure are left out.
    package let lines: [Line]

    package init(site: SiteID, measured: Instant, heat: Heat?, lines: [Line]) {
        self.site = site
        self.measured = measured
        self.heat = heat
        self.lines = lines
    }

    /// As much as a site's account of its capacity tells.
    package init(_ description: SiteDescription) {
        let summary = description.capacity.usage
        let figures: [(LoadFigure, Double?)] = [
            (.cpu, description.capacity.load), (.memory, summary?.memory), (.disk, summary?.disk),
            (.diskBusy, summary?.diskBusy), (.memoryPressure, summary?.memoryPressure),
            (.ioPressure, summary?.ioPressure),
        ]
        self.init(
            site: description.site, measured: description.reported, heat: description.capacity.heat,
            lines: figures.compactMap { figure, value in value.map { Line(figure: figure, now: $0) } })
    }

    /// One sentence: how it is with new work.
    package var message: String {
        guard let heat else { return "\(self.site) is not hot" }
        return "\(self.site) \(heat.text); coordinators are refused until it has cooled"
    }
}
