package import XMPP

/// Receives what other servers send, and learns what could not be sent to them.
package protocol RemoteStanzaReceiver: Sendable {
    /// A stanza whose `from` is of a domain that the stream proved and whose `to` is of a domain served here.
    ///
    /// Called on the event loop of the stream, in the order of arrival: it must not block. A receiver that cannot keep
    /// up calls `pauseReading()` on the stream and `resumeReading()` later.
    func received(_ stanza: Stanza, on stream: RemoteStream)

    /// Calls `body` once everything that came on the stream so far has had its effect: on the disk, where that matters.
    ///
    /// - Parameter mayGiveWay: whether it need not be called if the same is asked for again before, as an acknowledgement
    ///   need not be sent when another follows.
    func afterAll(from stream: RemoteStream, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void)

    /// A stanza given to `RemoteStreams.send` will not arrive: its sender is to be told.
    ///
    /// Never called for an answer (an error, or the result of an IQ): those are dropped and counted.
    func undeliverable(_ stanza: Stanza, because error: StanzaError)
}
