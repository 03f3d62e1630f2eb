package import XML

/// The initiating side of a stream by which a process is attached to somebody else's server.
package protocol AttachmentNegotiation: Sendable {
    /// The connection is up; with direct TLS `established` comes first.
    mutating func start() -> [AttachmentDirective]
    /// TLS is up, from the start or by STARTTLS.
    mutating func established(_ facts: TLSFacts) -> [AttachmentDirective]
    mutating func received(_ header: StreamHeader) -> [AttachmentDirective]
    /// A first-level element arrived; the randomness is for nonces.
    mutating func received(
        _ element: Element, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective]
    /// Takes what `hash` asked for; nothing if that is not wanted any more.
    mutating func receive(
        _ salted: SaltedPassword, using random: inout some RandomNumberGenerator
    ) -> [AttachmentDirective]
    /// After `authenticated`: there is no former stream that goes on; ask for the address.
    mutating func bind() -> [AttachmentDirective]
    /// After `authenticated`: a former stream goes on (XEP-0198 §5), under the address it had.
    mutating func resumed() -> [AttachmentDirective]
    /// The time to authenticate is over.
    mutating func timedOut() -> [AttachmentDirective]
}
