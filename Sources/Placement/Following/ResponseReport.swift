package import CloudModel

/// Response times that somebody has measured for the users at one place.
package struct ResponseReport: Hashable, Sendable {
    /// So many responses that took about so long.
    package struct Sample: Hashable, Sendable {
        package let milliseconds: Double
        package let count: Int

        package init(milliseconds: Double, count: Int = 1) {
            self.milliseconds = milliseconds
            self.count = count
        }
    }

    /// Times or buckets in one report.
    package static let sampleLimit = 64
    /// Responses that one bucket may stand for.
    package static let countLimit = 1_000_000

    package let place: Audience.Place
    package let samples: [Sample]

    package init(place: Audience.Place, samples: [Sample]) throws(SpecificationError) {
        var problems: [SpecificationError.Problem] = []
        switch place {
        case .country(let code):
            if Countries.position(of: code) == nil {
                problems.append(.init("place", "\(code) is no ISO 3166 country code such as FR"))
            }
        case .workload: problems.append(.init("place", "is where users are: no workload"))
        case .position, .site: break
        }
        if !(1...Self.sampleLimit).contains(samples.count) {
            problems.append(
                .init("milliseconds", "has \(samples.count) times, not 1 to \(Self.sampleLimit)"))
        }
        for sample in samples {
            if !(sample.milliseconds > 0 && sample.milliseconds <= ResponseDigest.longest) {
                problems.append(
                    .init("milliseconds", "\(sample.milliseconds) is not above 0 and up to 600000"))
            }
            if !(1...Self.countLimit).contains(sample.count) {
                problems.append(
                    .init("milliseconds", "\(sample.count) responses are not 1 to \(Self.countLimit)"))
            }
        }
        guard problems.isEmpty else { throw SpecificationError(problems) }
        self.place = place
        self.samples = samples
    }
}
