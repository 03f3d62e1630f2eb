/// How fast the users at one place were answered of late, against what is wanted.
package struct ResponseFigure: Hashable, Codable, Sendable {
    package enum Verdict: String, Hashable, Codable, Sendable {
        case within
        case slow
        /// There are too few responses to say.
        case unsure
    }

    /// As it was reported: a country, a site or `LATITUDE/LONGITUDE`.
    package let place: String
    /// How many responses are known.
    package let responses: Int
    /// How many percent of them took no longer than `milliseconds`.
    package let percentile: Int
    package let milliseconds: Double?
    /// What is wanted, in milliseconds; nil if nothing is.
    package let target: Double?
    package let verdict: Verdict?

    package init(
        place: String, responses: Int, percentile: Int, milliseconds: Double?, target: Double?,
        verdict: Verdict?
    ) {
        self.place = place
        self.responses = responses
        self.percentile = percentile
        self.milliseconds = milliseconds
        self.target = target
        self.verdict = verdict
    }
}
