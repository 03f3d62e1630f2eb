package import Cryptography

/// The SASL mechanisms we speak, in rising order of preference (RFC 4422, RFC 5802, RFC 7677, RFC 4616).
package enum SASLMechanism: String, Hashable, Sendable, CaseIterable {
    /// The password itself: only under TLS, and only if configured.
    case plain = "PLAIN"
    case scramSHA1 = "SCRAM-SHA-1"
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA1Plus = "SCRAM-SHA-1-PLUS"
    case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
    /// What the layer below has proved already: a certificate.
    case external = "EXTERNAL"

    /// The function of a SCRAM mechanism; nil for the others.
    package var hash: HashFunction? {
        switch self {
        case .scramSHA1, .scramSHA1Plus: .sha1
        case .scramSHA256, .scramSHA256Plus: .sha256
        case .plain, .external: nil
        }
    }

    /// Whether the mechanism proves that both ends see the same TLS connection.
    package var bindsChannel: Bool {
        switch self {
        case .scramSHA1Plus, .scramSHA256Plus: true
        case .plain, .scramSHA1, .scramSHA256, .external: false
        }
    }
}

extension SASLMechanism: Comparable {
    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rank < rhs.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
