import DequeModule
import XMPP

/// Chat lines that wait: in order for each sender, a bounded number of senders at a time.
struct ChatMailbox: Sendable {
    enum OnOffer: Hashable, Sendable {
        case queued
        /// Nobody works on this sender's lines: somebody must begin.
        case begin
        case refused
    }

    /// Lines of one sender that may wait while an earlier one is being performed.
    static let linesPerSender = 16
    /// Senders whose lines are being performed or wait.
    static let senders = 64

    private var queues: [JID: Deque<Message>] = [:]

    mutating func offer(_ message: Message, from sender: JID) -> OnOffer {
        guard let queue = self.queues[sender] else {
            guard self.queues.count < Self.senders else { return .refused }
            self.queues[sender] = [message]
            return .begin
        }
        guard queue.count < Self.linesPerSender else { return .refused }
        self.queues[sender]?.append(message)
        return .queued
    }

    /// The sender's next line; nil if there is none, and then somebody must begin anew.
    mutating func next(from sender: JID) -> Message? {
        if let message = self.queues[sender]?.popFirst() { return message }
        self.queues[sender] = nil
        return nil
    }
}
