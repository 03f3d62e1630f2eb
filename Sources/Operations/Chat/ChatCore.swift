package import CloudModel

/// Decides what to do with a chat line and how to word the answer.
package struct ChatCore: Sendable {
    package enum OnLine: Hashable, Sendable {
        /// Answer with this text.
        case say(String)
        /// Ask with this text, and suggest these answers; the text names them too.
        case ask(String, [QuickReply])
        /// Perform it, then answer with `text(of:)`.
        case perform(Invocation)
    }

    /// The most characters of one answer; longer ones are cut at a line's end.
    package static let answerLimit = 6_000

    /// The site that answers, named at the head of each answer.
    private let site: SiteID
    private let renderer = TextRenderer()
    private var desk = ConfirmationDesk()

    package init(site: SiteID) {
        self.site = site
    }

    /// Reads one line of `caller`, who may perform `permitted`.
    package mutating func receive(
        _ line: String, from caller: GrantBook.Caller, permitted: [Operation], now: Instant,
        using generator: inout some RandomNumberGenerator
    ) -> OnLine {
        do throws(OperationError) {
            let tokens = try ChatTokenizer.tokens(of: line)
            let words = tokens.map(\.text)
            switch words.first?.lowercased() {
            case "help", "?":
                let text = try HelpText(permitted: permitted).text(Array(words.dropFirst()))
                return .say(self.headed("", text, by: self.site))
            case "confirm":
                return self.confirm(words.dropFirst().first, from: caller, now: now)
            case "cancel":
                let wasOpen = self.desk.cancel(for: caller.address)
                return .say(self.headed(wasOpen ? "Nothing was done." : "There is nothing to cancel."))
            default:
                break
            }
            let command = try CommandReader(suggesting: permitted).command(tokens)
            let invocation = Invocation(
                operation: command.operation.name, arguments: command.arguments, caller: caller,
                site: command.site == self.site ? nil : command.site)
            let isPermitted = permitted.contains { $0.name == command.operation.name }
            guard command.operation.destroys, isPermitted || command.site != nil else {
                return .perform(invocation)
            }
            let code = self.desk.ask(about: invocation, now: now, using: &generator)
            return .ask(
                self.question(command, code: code),
                [QuickReply("confirm \(code)", label: "Confirm"), QuickReply("cancel", label: "Cancel")])
        } catch {
            return .say(self.text(of: error))
        }
    }

    private mutating func confirm(
        _ code: String?, from caller: GrantBook.Caller, now: Instant
    ) -> OnLine {
        guard let code else { return .say(self.headed("Write the code too: confirm CODE")) }
        switch self.desk.answer(code, from: caller.address, now: now) {
        case .confirmed(let invocation):
            return .perform(invocation)
        case .wrong(triesLeft: 0):
            return .say(self.headed("The code is wrong. Nothing was done; write the command again."))
        case .wrong(let tries):
            return .say(self.headed("The code is wrong. Tries left: \(tries)."))
        case .nothingToConfirm:
            let seconds = ConfirmationDesk.lifetime.components.seconds
            return .say(
                self.headed(
                    "There is nothing to confirm; a code counts for \(seconds) s. Write the command again."))
        }
    }

    private func question(_ command: CommandReader.Command, code: String) -> String {
        let subject = command.operation.parameters.filter(\.isPositional)
            .compactMap { command.arguments[$0.name]?.string }.joined(separator: " ")
        let site = command.site ?? self.site
        let seconds = ConfirmationDesk.lifetime.components.seconds
        return self.headed(
            "\(command.operation.phrase) \(subject) at \(site): \(command.operation.summary). "
                + "To do it, write within \(seconds) s: confirm \(code)\nTo leave it as it is: cancel")
    }

    /// What somebody in a room is told whom nobody can know there: where to write instead, and nothing about the site.
    package func text(forStranger line: String, at address: String) -> String {
        switch line.lowercased() {
        case "help", "?":
            self.headed(
                "I do what people with a grant ask me to. Write to \(address) directly, and begin with: help")
        case _:
            self.headed("I cannot tell who you are here. Write to \(address) directly.")
        }
    }

    /// The answer to an operation that was performed.
    package func text(of result: OperationResult, for operation: String) -> String {
        let operation = Catalogue.operation(operation)
        let layout = operation?.layout ?? [.automatic]
        let text = self.renderer.text(of: result, layout: layout)
        let kept: Section.Edge = layout.contains { $0.isNewestLast } ? .tail : .head
        return self.headed(
            operation?.phrase ?? "", text.isEmpty ? "done" : text, by: result.site, keeping: kept)
    }

    /// The answer to an operation that was not.
    package func text(of error: OperationError) -> String {
        let next = error.next.map { "\nNext: \($0)" } ?? ""
        return self.headed("", "\(error.code.title): \(error.message).\(next)", by: error.site ?? self.site)
    }

    /// A line about how far an operation is.
    package func text(of progress: Progress) -> String {
        var text = progress.text
        if let step = progress.step, let steps = progress.steps { text += " (\(step) of \(steps))" }
        return self.headed("", text, by: progress.site)
    }

    private func headed(_ text: String) -> String { self.headed("", text, by: self.site) }

    /// `SITE: text`, or for several lines the site and the command on a line of their own.
    private func headed(
        _ title: String, _ text: String, by site: SiteID, keeping kept: Section.Edge = .head
    ) -> String {
        let text = Self.cut(text, keeping: kept)
        guard text.contains("\n") else { return "\(site): \(text)" }
        return title.isEmpty ? "\(site): \(text)" : "\(site): \(title)\n\(text)"
    }

    /// Leaves out lines at the other end than `edge` until the text is within `answerLimit`, and says how many.
    static func cut(_ text: String, keeping edge: Section.Edge) -> String {
        guard text.count > Self.answerLimit else { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let nearest = edge == .head ? lines : lines.reversed()
        var count = 0
        var length = 0
        for line in nearest {
            length += line.count + 1
            if length > Self.answerLimit { break }
            count += 1
        }
        let left = "\(lines.count - max(count, 1)) more lines are left out."
        let advice = "Narrow the question, or ask with the command line."
        switch edge {
        case .head:
            let kept = count > 0 ? lines.prefix(count) : [text.prefix(Self.answerLimit)]
            return kept.joined(separator: "\n") + "\n… \(left) \(advice)"
        case .tail:
            let kept = count > 0 ? lines.suffix(count) : [text.suffix(Self.answerLimit)]
            return "… \(left) \(advice)\n" + kept.joined(separator: "\n")
        }
    }
}

extension Section {
    /// Whether it is a text that grows at its end, as a log does.
    fileprivate var isNewestLast: Bool {
        switch self {
        case .text(_, newest: .tail): true
        case .text(_, newest: .head), .record, .table, .findings, .automatic: false
        }
    }
}
