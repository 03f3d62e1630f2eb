import CloudModel

/// How the users of a workload fare, as the answer to a report of response times.
struct ResponseStanding: Hashable, Codable, Sendable {
    /// The percentile that is shown where none is asked for.
    static let usualPercentile = 95

    let workload: String
    let responses: [ResponseFigure]
}
