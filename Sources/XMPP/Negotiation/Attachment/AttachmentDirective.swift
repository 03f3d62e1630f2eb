package import XML

/// What the stream of an attached process, component or client, asks of the connection it decides for.
package enum AttachmentDirective: Hashable, Sendable {
    case stream(StreamDirective)
    /// Perform it, where it holds up nobody, and call `receive(_:using:)`.
    case hash(PasswordHashing)
    /// A client is authenticated, and nothing is bound: resume a former stream, or have one bound.
    case authenticated(StreamFeatures)
    /// Stanzas may be sent, and will be delivered.
    case ready(AttachedSession)
    /// A first-level element of a stream that is ready.
    case deliver(Element)
    /// The stream will not come to be.
    case failed(AttachmentFailure)
    /// The server closed a stream that was ready with an error.
    case refused(StreamError)
}

/// What an attached process is to its server once the stream is up.
package struct AttachedSession: Hashable, Sendable {
    /// The domain of a component, the full address of a client.
    package var address: JID
    /// How a client authenticated; nil for a component.
    package var mechanism: SASLMechanism?
    /// What the server takes at most.
    package var limits: StreamLimits

    package init(
        address: JID, mechanism: SASLMechanism? = nil, limits: StreamLimits = StreamLimits()
    ) {
        self.address = address
        self.mechanism = mechanism
        self.limits = limits
    }
}
