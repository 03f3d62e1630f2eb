/// An amount of memory or disk, in units of 2^20 bytes.
package struct Mebibytes: Hashable, Comparable, Sendable {
    package let count: Int64

    package init(_ count: Int64) {
        self.count = count
    }

    package static let zero = Self(0)

    package static func gibibytes(_ count: Int64) -> Self {
        Self(count * 1_024)
    }

    package var bytes: Int64 { self.count * 1_048_576 }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.count < rhs.count }
    package static func + (lhs: Self, rhs: Self) -> Self { Self(lhs.count + rhs.count) }
    package static func - (lhs: Self, rhs: Self) -> Self { Self(lhs.count - rhs.count) }
}

extension Mebibytes: CustomStringConvertible {
    /// `512 MiB`, or whole gibibytes as `4 GiB`.
    package var description: String {
        self.count != 0 && self.count.isMultiple(of: 1_024)
            ? "\(self.count / 1_024) GiB" : "\(self.count) MiB"
    }
}

extension Mebibytes: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.count)
    }
}
