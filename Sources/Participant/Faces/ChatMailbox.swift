import DequeModule
import XMPP

/// Chat lines that wait: in order for each party, a bounded number of parties at a time.
struct ChatMailbox: Sendable {
    enum OnOffer: Hashable, Sendable {
        case queued
        /// Nobody works on this party's lines: somebody must begin.
        case begin
        case refused
    }

    /// Lines of one party that may wait while an earlier one is being performed.
    static let linesPerSender = 16
    /// Parties whose lines are being performed or wait.
    static let senders = 64

    private var queues: [JID: Deque<ChatLine>] = [:]

    mutating func offer(_ line: ChatLine) -> OnOffer {
        guard let queue = self.queues[line.party] else {
            guard self.queues.count < Self.senders else { return .refused }
            self.queues[line.party] = [line]
            return .begin
        }
        guard queue.count < Self.linesPerSender else { return .refused }
        self.queues[line.party]?.append(line)
        return .queued
    }

    /// The party's next line; nil if there is none, and then somebody must begin anew.
    mutating func next(from party: JID) -> ChatLine? {
        if let line = self.queues[party]?.popFirst() { return line }
        self.queues[party] = nil
        return nil
    }
}
