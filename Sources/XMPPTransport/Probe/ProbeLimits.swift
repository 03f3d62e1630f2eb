package import NIOCore

/// How long and how widely a probe looks.
package struct ProbeLimits: Hashable, Sendable {
    /// All questions to DNS together.
    package var names = TimeAmount.seconds(10)
    /// One TCP connection attempt.
    package var connect = TimeAmount.seconds(5)
    /// From the first byte of TLS to its last handshake message.
    package var handshake = TimeAmount.seconds(5)
    /// From the TCP connection to the end of authentication; dialback makes the other server connect to ours.
    package var stream = TimeAmount.seconds(15)
    /// Addresses that are looked at; others are left out.
    package var places = 8
    /// Connections at a time.
    package var connections = 4

    package init() {}
}
