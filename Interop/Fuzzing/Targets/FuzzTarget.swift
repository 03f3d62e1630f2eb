/// A part of Tradewind that strangers' bytes reach, driven by such bytes alone.
///
/// The same bytes always do the same. The fuzzer tries any; the tests try those that are kept.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case xml, negotiation, sasl, routing

    /// Runs `bytes` through the target: it may not crash, and what it does is held against rules.
    package func check(_ bytes: [UInt8]) throws(FuzzViolation) {
        switch self {
        case .xml: try XMLTarget.check(bytes)
        case .negotiation: try NegotiationTarget.check(bytes)
        case .sasl: try SASLTarget.check(bytes)
        case .routing: try RoutingTarget.check(bytes)
        }
    }
}
