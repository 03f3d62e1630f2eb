/// A point in time, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Cores never ask for the time: a shell or the simulator passes an `Instant` in. An integer compares, stores and
/// travels exactly, which a floating-point date does not.
package struct Instant: Hashable, Comparable, Sendable {
    package let millisecondsSinceEpoch: Int64

    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.millisecondsSinceEpoch < rhs.millisecondsSinceEpoch
    }

    /// The instant `duration` later, saturating at the end of the range instead of trapping on a peer's absurd value.
    package func advanced(by duration: Duration) -> Self {
        let (sum, overflow) = self.millisecondsSinceEpoch.addingReportingOverflow(duration.wholeMilliseconds)
        return Self(millisecondsSinceEpoch: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The time from this instant until `other`; negative if `other` is earlier.
    package func duration(to other: Self) -> Duration {
        let (difference, overflow) = other.millisecondsSinceEpoch
            .subtractingReportingOverflow(self.millisecondsSinceEpoch)
        return .milliseconds(overflow ? (other < self ? Int64.min : Int64.max) : difference)
    }
}

extension Instant: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(millisecondsSinceEpoch: try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.millisecondsSinceEpoch)
    }
}

extension Duration {
    /// The duration in milliseconds, rounded towards zero and saturating.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return milliseconds + attoseconds / 1_000_000_000_000_000
    }
}
