import CloudModel

/// The round trips from every site to each place that was asked about lately.
///
/// Requests differ in how they weigh places more than in the places: predictions are kept by place.
struct LatencyColumns: Sendable {
    /// Places kept at once, far more than one audience has; beyond it those unused for the longest are forgotten.
    static let limit = 512

    private struct Column: Sendable {
        let destination: LatencyDestination
        /// By the index of the site; NaN where it is not known.
        var milliseconds: [Double]
        var cursor: Int
        var lastUse: Int
    }

    private var columns: [Audience.Place: Column] = [:]
    private var uses = 0

    /// Brings the column of `place` up to date and makes it if there is none.
    mutating func prepare(
        _ place: Audience.Place, over register: SiteRegister, _ paths: PathKnowledge, _ log: ChangeLog
    ) {
        self.uses += 1
        if let cursor = self.columns[place]?.cursor, let changes = log.changes(since: cursor) {
            for change in changes where change.isLasting {
                guard let destination = self.columns[place]?.destination else { continue }
                let value = Self.path(from: change.index, to: destination, register, paths)
                self.columns[place]?.milliseconds[change.index] = value
            }
            self.columns[place]?.cursor = log.end
            self.columns[place]?.lastUse = self.uses
            return
        }
        if self.columns.count >= Self.limit { self.forgetOldest() }
        let destination = LatencyDestination(place, positions: paths.positions)
        self.columns[place] = Column(
            destination: destination,
            milliseconds: (0..<register.count).map { Self.path(from: $0, to: destination, register, paths) },
            cursor: log.end, lastUse: self.uses)
    }

    /// The round trips to `place` that `prepare` worked out, NaN where one is not known; empty if there are none.
    func milliseconds(to place: Audience.Place) -> [Double] {
        self.columns[place]?.milliseconds ?? []
    }

    mutating func removeAll() {
        self.columns = [:]
    }

    private static func path(
        from index: Int, to destination: LatencyDestination, _ register: SiteRegister, _ paths: PathKnowledge
    ) -> Double {
        let description = register.entries[index].description
        return destination.path(
            from: description.site, at: description.position, positions: paths.positions,
            roundTrips: paths.roundTrips, model: paths.model
        ).milliseconds ?? .nan
    }

    private mutating func forgetOldest() {
        let oldest = self.columns.min { $0.value.lastUse < $1.value.lastUse }
        if let oldest { self.columns[oldest.key] = nil }
    }
}
