package import CloudModel

/// Measured round trips between sites, in milliseconds.
///
/// A path is taken to be as long one way round as the other: whichever end measured it, both may use it.
package struct RoundTrips: Hashable, Sendable {
    private var table: [SiteID: [SiteID: Double]] = [:]

    package init() {}

    /// Keeps a measurement, in place of an earlier one of the same pair.
    ///
    /// One that is not a positive, finite number of milliseconds is no measurement and is left out.
    package mutating func record(_ milliseconds: Double, between one: SiteID, and other: SiteID) {
        guard milliseconds.isFinite, milliseconds > 0, one != other else { return }
        self.table[one, default: [:]][other] = milliseconds
        self.table[other, default: [:]][one] = milliseconds
    }

    /// Keeps what one of the two says it measured.
    ///
    /// Of two claims about one pair the shorter counts: whatever else a path crosses only makes it longer.
    package mutating func note(_ milliseconds: Double, claimedBetween one: SiteID, and other: SiteID) {
        self.record(min(milliseconds, self.between(one, other) ?? milliseconds), between: one, and: other)
    }

    package func between(_ one: SiteID, _ other: SiteID) -> Double? {
        self.table[one]?[other]
    }

    /// What was measured to or from `site`, by the other end.
    func paths(of site: SiteID) -> [SiteID: Double] {
        self.table[site] ?? [:]
    }

    /// The sites one of whose paths is another than in `earlier`, or in only one of the two.
    func sites(differingFrom earlier: RoundTrips) -> [SiteID] {
        var differing = self.table.filter { earlier.table[$0] != $1 }.map(\.key)
        differing += earlier.table.keys.filter { self.table[$0] == nil }
        return differing.sorted()
    }
}
