extension Stanza {
    /// Whether the stanza answers another and so may never be answered with an error (RFC 6120 §8.3.1).
    package var isAnswer: Bool {
        switch self {
        case .message(let message): message.kind == .error
        case .presence(let presence): presence.kind == .error
        case .iq(let iq):
            switch iq.body {
            case .get, .set: false
            case .result, .error: true
            }
        }
    }

    /// The stanza that tells the sender of this one about `error`, addressed back; nil if this one is an
    /// answer.
    ///
    /// The payloads are not sent back, for they can be large and the sender has them.
    package func errorReply(_ error: StanzaError) -> Stanza? {
        guard !self.isAnswer else { return nil }
        return switch self {
        case .message(let message):
            .message(
                Message(
                    to: message.from, from: message.to, id: message.id, kind: .error,
                    payloads: [error.element]))
        case .presence(let presence):
            .presence(
                Presence(
                    to: presence.from, from: presence.to, id: presence.id, kind: .error,
                    payloads: [error.element]))
        case .iq(let iq): .iq(iq.reply(.error(error)))
        }
    }
}

extension IQ {
    /// The positive answer to this request.
    package func result(_ payload: (some Payload)?) -> IQ {
        self.reply(.result(payload?.element))
    }
}
