/// How a stanza is treated while it waits for its turn on an attached stream.
package enum TrafficClass: Hashable, Sendable {
    /// Sent in order, before any row, and sent again after a lost link until it was taken note of.
    case command
    /// Asks about this very moment (a ping): refused while there is no link, and never sent twice.
    case probe
    /// State that the next of the same name replaces; it waits behind everything else.
    case row(name: String)
    /// State that somebody has asked for and waits for (RFC 6120 §8.2.3): it waits among the rows, nothing replaces it, and
    /// it is sent again after a lost link until it was taken note of.
    case answer(to: String)

    var isAnswer: Bool { if case .answer = self { true } else { false } }
}
