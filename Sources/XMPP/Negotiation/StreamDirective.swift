package import XML

/// What every negotiation machine may ask of the connection it decides for.
package enum StreamDirective: Hashable, Sendable {
    case sendHeader(StreamHeader)
    case send(Element)
    /// Begin TLS at once, after what was sent before; bytes the peer sent in clear are dropped.
    case startTLS
    /// The peer's next bytes open a new stream on the same connection (RFC 6120 §4.3.3).
    case restart
    /// Write the error if there is one and `</stream:stream>`, then close the connection.
    case close(StreamError?)
}
