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

    /// What an unknown part is taken for when sites are compared.
    private let worst: Double

    init(parts: [Part], worst: Double) {
        self.parts = parts
        self.worst = worst
        let mean = Self.mean(parts, worst: worst, target: 0)
        self.basis = parts.map(\.basis).max() ?? .measured
        self.pessimisticMilliseconds = mean.pessimistic
        self.milliseconds = mean.milliseconds
    }

    /// The mean of what each part's round trip is beyond `target` milliseconds, unknown ones taken for the worst.
    func excess(over target: Double) -> Double {
        Self.mean(self.parts, worst: self.worst, target: target).excess
    }

    /// The share of the audience whose round trip is known to be no longer than `milliseconds`.
    func share(within milliseconds: Double) -> Double {
        self.parts.reduce(0) { sum, part in
            sum + (part.milliseconds.map { $0 <= milliseconds } == true ? part.share : 0)
        }
    }

    private static func mean(_ parts: [Part], worst: Double, target: Double) -> AudienceMean {
        var mean = AudienceMean(worst: worst, target: target)
        for part in parts { mean.add(part.milliseconds, share: part.share) }
        return mean
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
