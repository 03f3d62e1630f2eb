import DequeModule
import XMPP

/// What waits to be written to an attached stream: commands in order, then rows, of each the newest, and those that were
/// asked for.
///
/// Requests are remembered until they are answered, for a link that is lost may have lost them or their answers.
struct AttachmentQueue: Sendable {
    private let limits: AttachmentLimits
    private var commands: Deque<AttachmentItem> = []
    private var commandBytes = 0
    /// Answers too, each where it was handed over.
    private var rows: Deque<AttachmentItem> = []
    private var unanswered: [AttachmentItem.RequestKey: AttachmentItem] = [:]
    private var lastNumber: UInt64 = 0

    init(limits: AttachmentLimits) {
        self.limits = limits
    }

    var commandCount: Int { self.commands.count }
    var rowCount: Int { self.rows.count }
    var unansweredCount: Int { self.unanswered.count }

    /// Queues a stanza; throws `resource-constraint` if too much waits.
    mutating func offer(
        _ bytes: [UInt8], _ traffic: TrafficClass, request: AttachmentItem.RequestKey? = nil
    ) throws(StanzaError) {
        self.lastNumber += 1
        let item = AttachmentItem(
            number: self.lastNumber, bytes: bytes, traffic: traffic, request: request)
        switch traffic {
        case .command, .probe:
            guard self.commands.count < self.limits.waitingCommands,
                self.commandBytes + bytes.count <= self.limits.waitingBytes
            else { throw Self.full }
            self.commands.append(item)
            self.commandBytes += bytes.count
            if traffic == .command, let request { self.unanswered[request] = item }
        case .row:
            if let index = self.rows.firstIndex(where: { $0.traffic == traffic }) {
                self.rows[index] = item
                return
            }
            if self.rows.count(where: { !$0.traffic.isAnswer }) >= self.limits.waitingRows,
                let oldest = self.rows.firstIndex(where: { !$0.traffic.isAnswer })
            {
                self.rows.remove(at: oldest)
            }
            self.rows.append(item)
        case .answer:
            guard self.rows.count(where: { $0.traffic.isAnswer }) < self.limits.waitingAnswers,
                self.rows.count(where: { $0.traffic == traffic }) < self.limits.waitingAnswersPerPeer
            else { throw Self.full }
            self.rows.append(item)
        }
    }

    private static var full: StanzaError {
        StanzaError(
            .resourceConstraint, text: "too much waits to be sent over the connection to the XMPP server")
    }

    /// What is to be written next.
    var first: AttachmentItem? { self.commands.first ?? self.rows.first }

    mutating func removeFirst() {
        if let item = self.commands.popFirst() {
            self.commandBytes -= item.bytes.count
        } else {
            _ = self.rows.popFirst()
        }
    }

    /// The request was answered, or nobody waits for its answer any more: it is not sent, or not again.
    mutating func forget(_ request: AttachmentItem.RequestKey) {
        guard let item = self.unanswered.removeValue(forKey: request) else { return }
        guard let index = self.commands.firstIndex(where: { $0.number == item.number }) else { return }
        self.commands.remove(at: index)
        self.commandBytes -= item.bytes.count
    }

    /// Takes out what has more bytes than that: it can never be sent.
    mutating func remove(longerThan longest: Int) -> [AttachmentItem] {
        let long = (Array(self.commands) + Array(self.rows)).filter { $0.bytes.count > longest }
        guard !long.isEmpty else { return [] }
        self.commands.removeAll { $0.bytes.count > longest }
        self.rows.removeAll { $0.bytes.count > longest }
        self.commandBytes = self.commands.reduce(0) { $0 + $1.bytes.count }
        for case .some(let request) in long.map(\.request) { self.unanswered[request] = nil }
        return long
    }

    /// The stream is over, and of `lost` nobody knows whether it arrived: what has to be said again goes first.
    ///
    /// Not rows that the next replaces, nor what asks about a moment that is past, nor what was answered already.
    mutating func sendAgain(_ lost: [AttachmentItem]) {
        var again: [UInt64: AttachmentItem] = [:]
        for item in lost {
            switch (item.traffic, item.request) {
            case (.command, nil): again[item.number] = item
            // The unanswered follow, and the answers.
            case (.command, .some), (.probe, _), (.row, _), (.answer, _): break
            }
        }
        for item in lost.reversed() where item.traffic.isAnswer { self.rows.prepend(item) }
        for item in self.unanswered.values { again[item.number] = item }
        for item in self.commands where item.traffic == .command { again[item.number] = item }
        self.commands = Deque(again.values.sorted { $0.number < $1.number })
        self.commandBytes = self.commands.reduce(0) { $0 + $1.bytes.count }
    }
}
