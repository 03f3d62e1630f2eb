import CloudModel
import Operations
import Synchronization
import XML
import XMPP

/// What people see: answers, questions, chat states and progress.
extension ChatFace {
    enum Answer: Hashable, Sendable {
        case text(String)
        /// With the answers that it suggests (XEP-0439).
        case question(String, [QuickReply])

        var text: String {
            switch self {
            case .text(let text), .question(let text, _): text
            }
        }
    }

    func reply(_ answer: Answer, to line: ChatLine) async {
        var message = self.message(answer.text, to: line)
        if case .question(_, let replies) = answer {
            message.payloads += replies.map { reply in
                QuickResponse(value: Self.addressed(reply.text, for: line), label: reply.label).element
            }
        }
        await self.send(message)
    }

    /// Sends a chat state by itself, to a client that wants them (XEP-0085 §5.1); in rooms there are none (§5.4).
    func tell(_ state: ChatState, to line: ChatLine) async {
        guard self.wantsStates(line) else { return }
        let thread = line.message.payloads.filter { $0.matches("thread", Namespace.client) }
        await self.send(Message(to: line.sender, kind: .chat, payloads: [state.element] + thread))
    }

    /// Tells how far a command is, as `ProgressLine` decides.
    func progress(_ told: ProgressTold, on line: ChatLine) -> ProgressSink {
        { progress in
            let now = self.now()
            let text = self.state.withLock { $0.core.text(of: progress) }
            if line.place == .direct { self.wonder(about: line.sender) }
            let (isCorrectable, id) = (self.isCorrectable(line), self.freshID())
            let step = told.line.withLock {
                $0.tell(text, at: now, isCorrectable: isCorrectable, freshID: id)
            }
            switch step {
            case .nothing: return
            case .first(let id): await self.tell(text, to: line, id: id)
            case .correction(let original): await self.tell(text, to: line, id: id, insteadOf: original)
            }
        }
    }

    /// The command is done: the line of progress says how it ended.
    func finish(_ told: ProgressTold, on line: ChatLine) async {
        let isCorrectable = self.isCorrectable(line)
        guard let end = told.line.withLock({ $0.finish(isCorrectable: isCorrectable) }) else { return }
        await self.tell(end.text, to: line, id: self.freshID(), insteadOf: end.original)
    }

    private func isCorrectable(_ line: ChatLine) -> Bool {
        line.place == .direct && self.state.withLock { $0.clients.takesCorrections(line.sender) }
    }

    private func tell(
        _ text: String, to line: ChatLine, id: String, insteadOf original: String? = nil
    ) async {
        var message = self.message(text, to: line)
        message.id = id
        if let original { message.payloads.append(Correction(of: original).element) }
        await self.send(message)
    }

    /// A message that says `text` where the line was said, in its thread; marked as a program's own.
    private func message(_ text: String, to line: ChatLine) -> Message {
        var message: Message
        switch line.place {
        case .direct: message = Message(to: line.sender, kind: line.message.kind, body: text)
        case .aside:
            message = Message(to: line.sender, from: self.rooms.sender, kind: .chat, body: text)
            // So that copies of it are known for what they are (XEP-0045 §7.5).
            message.payloads.append(RoomNotice().element)
        case .room(let speaker, _):
            message = Message(
                to: line.sender.bare, from: self.rooms.sender, kind: .groupchat, body: "\(speaker): \(text)")
        }
        message.payloads += line.message.payloads.filter { $0.matches("thread", Namespace.client) }.prefix(1)
        message.payloads.append(AutomaticAnswer().element)
        if self.wantsStates(line) { message.payloads.append(ChatState.active.element) }
        return message
    }

    private func wantsStates(_ line: ChatLine) -> Bool {
        guard line.place == .direct, line.message.kind == .chat else { return false }
        return self.state.withLock { $0.clients.takesStates(line.sender) }
    }

    /// What a client must write there for us to hear it.
    private static func addressed(_ text: String, for line: ChatLine) -> String {
        switch line.place {
        case .direct, .aside: text
        case .room(_, let ours): "\(ours): \(text)"
        }
    }
}

/// What was told of one command.
final class ProgressTold: Sendable {
    let line = Mutex(ProgressLine())
}
