/// The place of a row among the rows of its origin: a later one replaces an earlier one.
///
/// `(incarnation, sequence)` in lexical order. Only the origin raises either: the incarnation each time it starts, the
/// sequence each time it publishes.
package struct RowVersion: Hashable, Comparable, Codable, Sendable {
    package let incarnation: UInt64
    package let sequence: UInt64

    package init(incarnation: UInt64, sequence: UInt64) {
        self.incarnation = incarnation
        self.sequence = sequence
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.incarnation, lhs.sequence) < (rhs.incarnation, rhs.sequence)
    }
}

extension RowVersion: CustomStringConvertible {
    package var description: String { "\(self.incarnation).\(self.sequence)" }
}
