/// The right to perform one kind of operation, `noun.verb`: `machine.start`, `workload.place`, `reservation.reserve`.
package struct Permission: Hashable, Comparable, Sendable, Codable {
    package let name: String

    package init(_ name: String) {
        self.name = name
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.name < rhs.name }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.name)
    }
}
