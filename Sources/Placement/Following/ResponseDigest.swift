/// How long responses took, in buckets whose bounds grow by a fixed factor, so that its size is bounded and every
/// percentile is known to within 7.5 %.
///
/// The way of HdrHistogram and DDSketch: the error is a share of the value, small for fast responses and for slow ones.
package struct ResponseDigest: Hashable, Sendable {
    /// How much longer the responses of a bucket are at most than those of the one before.
    static let growth = 1.15
    static let buckets = 97
    /// The longest response that is told from a longer one, in milliseconds.
    package static let longest = 600_000.0

    /// The upper bound of each bucket, in milliseconds; the first is one.
    private static let bounds: [Double] = (1..<Self.buckets).reduce(into: [1]) { bounds, _ in
        bounds.append((bounds.last ?? 1) * Self.growth)
    }

    /// How many responses are in each bucket; empty as long as there are none.
    private var counts: [UInt32] = []
    package private(set) var total = 0

    package init() {}

    /// Counts `count` responses that took so many milliseconds.
    package mutating func add(_ milliseconds: Double, count: Int = 1) {
        self.add(count, toBucket: Self.bucket(of: milliseconds))
    }

    package mutating func merge(_ other: ResponseDigest) {
        for (index, count) in other.counts.enumerated() { self.add(Int(count), toBucket: index) }
    }

    private mutating func add(_ count: Int, toBucket index: Int) {
        guard count > 0 else { return }
        if self.counts.isEmpty { self.counts = Array(repeating: 0, count: Self.buckets) }
        let added = min(count, Int(UInt32.max - self.counts[index]))
        self.counts[index] += UInt32(added)
        self.total += added
    }

    /// The time that `percent` of the responses did not exceed: the middle of its bucket; nil if there are none.
    package func percentile(_ percent: Int) -> Double? {
        guard self.total > 0 else { return nil }
        let rank = max(1, (self.total * percent + 99) / 100)
        var seen = 0
        for (index, count) in self.counts.enumerated() {
            seen += Int(count)
            if seen >= rank { return Self.bounds[index] / Self.growth.squareRoot() }
        }
        return nil
    }

    /// The first bucket whose bound is not below; the last takes whatever is longer.
    private static func bucket(of milliseconds: Double) -> Int {
        var low = 0
        var high = Self.buckets - 1
        while low < high {
            let middle = (low + high) / 2
            if milliseconds <= Self.bounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
