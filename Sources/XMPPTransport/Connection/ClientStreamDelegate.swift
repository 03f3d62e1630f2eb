package import XML
package import XMPP

/// The session of one authenticated client stream: receives what the client sends.
///
/// Called on the event loop of the stream, in the order of arrival, one call at a time: it must not block. A session
/// that has more to do than it can keep up with calls `pauseReading()` on the stream and `resumeReading()` later.
package protocol ClientStreamDelegate: Sendable {
    /// A stanza, as the client sent it: `from` is whatever it claimed and is for the session to check or overwrite.
    func received(_ stanza: Stanza, on stream: ClientStream)

    /// A stanza so malformed that it cannot be handled (RFC 6120 §8.3.1); `reply` is the error to answer it with, if it
    /// may be answered.
    func received(malformed reply: Stanza?, on stream: ClientStream)

    /// A first-level element that is no stanza (XEP-0198 and the like).
    ///
    /// One that the session does not know must close the stream with `unsupported-stanza-type`.
    func received(other element: Element, on stream: ClientStream)

    /// The client has been silent for long: it is to be asked something that it must answer; whether it was.
    func silent(on stream: ClientStream) -> Bool

    /// The stream is over; nothing follows. Called exactly once.
    func ended(_ end: StreamEnd, on stream: ClientStream)
}

/// Makes a session for each client that has authenticated.
package protocol ClientStreamAcceptor: Sendable {
    /// Called on the event loop of the stream after the features that offer resource binding have been sent.
    ///
    /// Nothing is delivered before it returns.
    func accept(_ stream: ClientStream) -> any ClientStreamDelegate
}
