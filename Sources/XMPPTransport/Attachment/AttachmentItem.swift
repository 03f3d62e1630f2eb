import XMPP

/// A stanza on its way out, as it will be written.
struct AttachmentItem: Hashable, Sendable {
    /// Names a request to whoever waits for its answer: anybody can guess an id.
    struct RequestKey: Hashable, Sendable {
        let id: String
        let peer: JID
    }

    /// Rises with each stanza: the order in which they were handed over.
    let number: UInt64
    let bytes: [UInt8]
    let traffic: TrafficClass
    /// Nil for what has no answer.
    let request: RequestKey?
}
