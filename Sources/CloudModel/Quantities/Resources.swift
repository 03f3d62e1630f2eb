/// An amount of the three things a machine takes from its host.
package struct Resources: Hashable, Codable, Sendable {
    package var vcpus: Int
    package var memory: Mebibytes
    package var disk: Mebibytes

    package init(vcpus: Int, memory: Mebibytes, disk: Mebibytes) {
        self.vcpus = vcpus
        self.memory = memory
        self.disk = disk
    }

    package static let zero = Self(vcpus: 0, memory: .zero, disk: .zero)

    /// Whether every dimension of `other` is no larger than the same dimension here.
    package func covers(_ other: Self) -> Bool {
        self.vcpus >= other.vcpus && self.memory >= other.memory && self.disk >= other.disk
    }

    /// The dimensions of `request` that are larger than here, named for an explanation; empty if `covers` holds.
    package func shortfalls(for request: Self) -> [String] {
        var names: [String] = []
        if self.vcpus < request.vcpus { names.append("vCPU") }
        if self.memory < request.memory { names.append("memory") }
        if self.disk < request.disk { names.append("disk") }
        return names
    }

    /// Of each dimension the larger amount.
    package func raised(to other: Self) -> Self {
        Self(
            vcpus: max(self.vcpus, other.vcpus), memory: max(self.memory, other.memory),
            disk: max(self.disk, other.disk))
    }

    /// Of each dimension the smaller amount.
    package func limited(to most: Self) -> Self {
        Self(
            vcpus: min(self.vcpus, most.vcpus), memory: min(self.memory, most.memory),
            disk: min(self.disk, most.disk))
    }

    package static func + (lhs: Self, rhs: Self) -> Self {
        Self(vcpus: lhs.vcpus + rhs.vcpus, memory: lhs.memory + rhs.memory, disk: lhs.disk + rhs.disk)
    }

    package static func - (lhs: Self, rhs: Self) -> Self {
        Self(vcpus: lhs.vcpus - rhs.vcpus, memory: lhs.memory - rhs.memory, disk: lhs.disk - rhs.disk)
    }
}

extension Resources: CustomStringConvertible {
    package var description: String {
        "\(self.vcpus) vCPU, \(self.memory) memory, \(self.disk) disk"
    }
}
