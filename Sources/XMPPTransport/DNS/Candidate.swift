package import XMPP

/// One place to try to reach a domain at, and what DNS says about it.
package struct Candidate: Hashable, Sendable {
    package var route: Route
    /// The lowest is tried first, and all others only after every candidate of it has failed (RFC 2782).
    package var priority: UInt16
    /// What its TLSA records say of its certificate; nil if DNS does not say, or cannot be relied upon.
    package var expectation: TLSAExpectation?

    package init(_ route: Route, priority: UInt16 = 0, expectation: TLSAExpectation? = nil) {
        self.route = route
        self.priority = priority
        self.expectation = expectation
    }
}
