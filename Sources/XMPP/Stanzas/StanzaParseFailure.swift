/// Why an element that arrived at the top level of a stream is not handed on as a stanza.
package enum StanzaParseFailure: Error, Hashable, Sendable {
    /// Not a stanza in a content namespace: close the stream with `unsupported-stanza-type` (RFC 6120
    /// §4.9.3.24).
    case notAStanza

    /// The `from` is no address: close the stream with `invalid-from` (RFC 6120 §4.9.3.9).
    case malformedSender

    /// A stanza that breaks the rules of its kind.
    ///
    /// `reply`, if there is one, goes back over the same stream; it is addressed to the `from` that the
    /// stanza claimed, which the caller must have checked, or to nobody where a client gave none. Nil where
    /// an answer would answer an answer.
    case malformed(StanzaError, reply: Stanza?)
}
