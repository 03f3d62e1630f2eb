package import CloudModel

/// How long a round trip between a site and an audience will probably take, and how we know.
package struct LatencyPrediction: Hashable, Codable, Sendable {
    /// Where a figure comes from, best first.
    package enum Basis: String, Hashable, Codable, Sendable, CaseIterable {
        /// Measured between these very ends.
        case measured
        /// Estimated from the distance, then scaled by a measured path to a site close to the audience.
        case corrected
        /// From the great-circle distance alone.
        case estimated
        /// One end's position is not known and nothing was measured.
        case unknown
    }

    /// The prediction for one part of the audience.
    package struct Part: Hashable, Codable, Sendable {
        package let place: Audience.Place
        /// The part's share of the audience, 0…1.
        package let share: Double
        package let milliseconds: Double?
        package let basis: Basis
        /// The site whose measured path corrected the figure.
        package let reference: SiteID?
        /// Whether a measurement was set aside because it is shorter than light needs between the stated positions.
        package let contradictsMeasurement: Bool
    }

    package let parts: [Part]
    /// The mean over the audience, weighted by share; nil if a part is unknown.
    package let milliseconds: Double?
    /// The weakest basis among the parts.
    package let basis: Basis
    /// The mean with each unknown part taken for the far side of the Earth: only for comparing sites.
    package let pessimisticMilliseconds: Double

    init(parts: [Part], worst: Double) {
        self.parts = parts
        var weakest = Basis.measured
        var mean = 0.0
        for part in parts {
            mean += part.share * (part.milliseconds ?? worst)
            weakest = max(weakest, part.basis)
        }
        self.basis = weakest
        self.pessimisticMilliseconds = mean
        self.milliseconds = weakest == .unknown ? nil : mean
    }
}

extension LatencyPrediction.Basis: Comparable {
    private var weakness: Int {
        switch self {
        case .measured: 0
        case .corrected: 1
        case .estimated: 2
        case .unknown: 3
        }
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.weakness < rhs.weakness }
}
