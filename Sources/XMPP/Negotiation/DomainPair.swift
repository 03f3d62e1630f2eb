/// A served domain and another server's: what a server-to-server stream carries stanzas between.
package struct DomainPair: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let local: String
    package let remote: String

    package init(local: String, remote: String) {
        self.local = local
        self.remote = remote
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.local, lhs.remote) < (rhs.local, rhs.remote)
    }

    package var description: String { "\(self.local) ↔ \(self.remote)" }
}
