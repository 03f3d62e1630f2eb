/// Why a machine that exists does not run although nothing is wrong with it.
package enum Halt: String, Hashable, Codable, Sendable, CaseIterable {
    /// Somebody who may do so stopped it, and nobody has started it since: it is left as it is.
    case ordered
    /// Its site stopped it, as its lease ran out: it may run again once the lease is renewed.
    case lease
}
