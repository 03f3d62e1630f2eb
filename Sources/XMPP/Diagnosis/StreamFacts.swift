/// How far a stream to another server got at one place, and what was seen on the way.
package struct StreamFacts: Hashable, Sendable {
    /// The connection.
    package enum Reach: Hashable, Sendable {
        case connected(after: Duration)
        case refused
        case timedOut(after: Duration)
        case failed(String)
    }

    /// How we proved our domain.
    package enum Method: Hashable, Sendable {
        /// SASL EXTERNAL, by our certificate.
        case external
        /// Server dialback (XEP-0220); with the refusal if EXTERNAL was tried before.
        case dialback(afterRefusal: SASLFailure?)
    }

    /// What came of it in the end.
    package enum End: Hashable, Sendable {
        case authenticated(Method)
        case failed(InitiatingRemoteStream.Failure)
        /// The connection ended before that; the reason is for people.
        case lost(String)
    }

    /// An address and a port, with the brackets that IPv6 needs.
    package var place: String
    package var usesDirectTLS: Bool
    package var reach: Reach
    /// Whether the other side answered with a stream header.
    package var speaksXMPP: Bool
    /// Whether a TLS handshake was begun.
    package var beganTLS: Bool
    package var tls: TLSFacts?
    package var certificate: CertificateFacts?
    /// What is offered under TLS; nil if it did not get so far.
    package var features: StreamFeatures?
    /// What the other side takes at most (XEP-0478).
    package var limits: StreamLimits
    /// Nil if the port was looked at and nothing more.
    package var end: End?

    package init(place: String, usesDirectTLS: Bool, reach: Reach) {
        self.place = place
        self.usesDirectTLS = usesDirectTLS
        self.reach = reach
        self.speaksXMPP = false
        self.beganTLS = false
        self.limits = StreamLimits()
    }
}
