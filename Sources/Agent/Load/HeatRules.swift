package import CloudModel

/// When a site is too busy to take new work from coordinators.
package struct HeatRules: Hashable, Sendable {
    /// The share from which on a figure makes the site hot, 0…1; what is not named never does.
    package var limits: [LoadFigure: Double]
    /// How far below its limit a figure must be for the site to cool down, 0…1: the gap keeps it from flapping.
    package var gap: Double
    /// Measurements in a row that it takes either way, each the mean of `LoadHistory.shortStep`.
    package var measurements: Int

    package init(
        limits: [LoadFigure: Double] = Self.usualLimits, gap: Double = 0.1, measurements: Int = 24
    ) {
        self.limits = limits
        self.gap = gap
        self.measurements = measurements
    }

    /// Processors that never rest, memory or disk that is about to run out, or half of the time spent waiting for them.
    package static let usualLimits: [LoadFigure: Double] = [
        .cpu: 0.95, .memory: 0.95, .disk: 0.95, .memoryPressure: 0.5, .ioPressure: 0.8,
    ]
}
