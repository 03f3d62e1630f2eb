/// How its owner wants a workload to be kept at its number of replicas.
package struct KeepingWishes: Hashable, Codable, Sendable {
    /// The lengths that a lease may have, in seconds: shorter ones would stop machines for a passing fault of the
    /// network, longer ones would hardly ever run out.
    package static let leaseRange = 10...86_400

    /// How long a replica may run while its site cannot reach the coordinator, in seconds.
    ///
    /// Then its site stops it, and only after that it is replaced elsewhere. Nil: it runs on, and nothing is ever
    /// started a second time because a site is out of reach.
    package var leaseSeconds: Int?
    /// How many replicas must run while others are moved; nil for all but one.
    package var minimum: Int?

    package init(leaseSeconds: Int? = nil, minimum: Int? = nil) {
        self.leaseSeconds = leaseSeconds
        self.minimum = minimum
    }

    /// How long a replica may run without a renewal; nil for as long as it likes.
    package var lease: Duration? { self.leaseSeconds.map { .seconds($0) } }

    /// How many of `replicas` must run while others are moved.
    package func minimum(of replicas: Int) -> Int {
        min(replicas, max(0, self.minimum ?? replicas - 1))
    }
}
