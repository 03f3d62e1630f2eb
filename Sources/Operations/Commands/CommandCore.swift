package import CloudModel
package import XMPP

/// Leads through an operation as an ad-hoc command (XEP-0050): form, question if it destroys, result.
///
/// What the caller may do is asked anew at each step, so that a grant taken back in between counts.
package struct CommandCore: Sendable {
    package enum OnCommand: Hashable, Sendable {
        case answer(Command)
        /// Perform it, then answer with `answer(to:…)`.
        case perform(Invocation)
        case refuse(StanzaError)
    }

    /// Where somebody is in a command.
    private enum Stage: Sendable {
        case form
        case question(Invocation, DataForm.Answers)
    }

    private static let confirmationField = "confirm"

    private let site: SiteID
    private var sessions: CommandSessions<Stage>

    package init(site: SiteID) {
        self.site = site
        self.sessions = CommandSessions()
    }

    /// Takes one step of `owner`, a full address; `freshID` names the session if one begins.
    package mutating func receive(
        _ command: Command, from owner: JID, permitted: [Operation], freshID: String, now: Instant
    ) -> OnCommand {
        let time = DateTime(millisecondsSinceEpoch: now.millisecondsSinceEpoch)
        guard let operation = permitted.first(where: { $0.name == command.node }) else {
            return .refuse(Self.refusal(of: command.node, to: owner, at: self.site))
        }
        do throws(StanzaError) {
            guard let id = command.sessionID else {
                return try self.begin(operation, command, owner, freshID, time)
            }
            do throws(CommandError) {
                let stage = try self.sessions.resume(id: id, owner: owner, node: command.node, now: time)
                return try self.proceed(operation, command, stage, id: id, owner)
            } catch {
                throw error.stanzaError()
            }
        } catch {
            return .refuse(error)
        }
    }

    private static func refusal(of node: String, to owner: JID, at site: SiteID) -> StanzaError {
        guard let operation = Catalogue.operation(node) else { return Catalogue.unknown(node).stanzaError }
        return OperationError(
            .forbidden, "\(owner.bare) may not \(operation.phrase) at \(site)",
            next: "ask an administrator of \(site) for a grant"
        ).stanzaError
    }

    private mutating func begin(
        _ operation: Operation, _ command: Command, _ owner: JID, _ freshID: String, _ time: DateTime
    ) throws(StanzaError) -> OnCommand {
        if command.action == .cancel { throw CommandError.badSessionID.stanzaError() }
        if operation.parameters.isEmpty, !operation.destroys {
            return .perform(Invocation(operation: operation.name, caller: GrantBook.Caller(owner)))
        }
        try self.sessions.open(id: freshID, owner: owner, node: operation.name, state: .form, now: time)
        return .answer(Self.formStep(operation, id: freshID))
    }

    private mutating func proceed(
        _ operation: Operation, _ command: Command, _ stage: Stage, id: String, _ owner: JID
    ) throws(CommandError) -> OnCommand {
        let choices =
            switch stage {
            case .form: Self.formChoices(operation)
            case .question: Self.questionChoices
            }
        guard let action = choices.meaning(of: command.action) else { throw .badAction }
        if action == .cancel {
            self.sessions.close(id: id)
            return .answer(Command(node: operation.name, sessionID: id, status: .canceled))
        }
        switch stage {
        case .form:
            return try self.takeForm(operation, command, id: id, owner)
        case .question(_, let answers) where action == .prev:
            self.sessions.update(id: id, state: .form)
            return .answer(Self.formStep(operation, id: id, values: answers))
        case .question(let invocation, _):
            guard command.form?.field(Self.confirmationField)?.flag == true else {
                return .answer(
                    self.questionStep(operation, invocation, id: id, note: "Nothing was done: tick the box."))
            }
            self.sessions.close(id: id)
            return .perform(invocation)
        }
    }

    private mutating func takeForm(
        _ operation: Operation, _ command: Command, id: String, _ owner: JID
    ) throws(CommandError) -> OnCommand {
        guard let form = command.form else { throw .badPayload }
        do throws(OperationError) {
            let submission = try OperationForm(operation).read(form)
            let invocation = Invocation(
                operation: operation.name, arguments: submission.arguments, caller: GrantBook.Caller(owner),
                site: submission.site == self.site ? nil : submission.site,
                idempotencyKey: submission.idempotencyKey)
            guard operation.destroys else {
                self.sessions.close(id: id)
                return .perform(invocation)
            }
            self.sessions.update(id: id, state: .question(invocation, submission.answers))
            return .answer(self.questionStep(operation, invocation, id: id))
        } catch {
            // The same form again, with what was filled in and what is wrong with it.
            let values = form.fields.reduce(into: DataForm.Answers()) { values, field in
                if let name = field.name { values[name] = field.values }
            }
            var step = Self.formStep(operation, id: id, values: values)
            step.notes = [Command.Note(.error, error.next.map { "\(error.message); \($0)" } ?? error.message)]
            return .answer(step)
        }
    }
}

extension CommandCore {
    /// The last step: what was done, in words and as a form.
    package func answer(to command: Command, _ result: OperationResult) -> Command {
        let operation = Catalogue.operation(command.node)
        let text = ChatCore(site: self.site).text(of: result, for: command.node)
        return Command(
            node: command.node, sessionID: command.sessionID, status: .completed,
            notes: [Command.Note(.info, text)],
            form: operation.flatMap { ResultForm.form(of: result, for: $0) })
    }

    /// The commands that are listed for somebody (XEP-0050 §3.1).
    package static func items(_ permitted: [Operation], at address: JID) -> DiscoItems {
        DiscoItems(
            node: Command.listNode,
            items: permitted.map { operation in
                DiscoItems.Item(
                    address: address, node: operation.name, name: "\(operation.phrase): \(operation.summary)")
            })
    }

    /// What is said about one command (XEP-0050 §3.2).
    package static func info(_ operation: Operation) -> DiscoInfo {
        DiscoInfo(
            node: operation.name,
            identities: [.init(category: "automation", type: "command-node", name: operation.phrase)],
            features: [Namespace.commands, Namespace.dataForms])
    }

    private static func formChoices(_ operation: Operation) -> Command.Choices {
        operation.destroys
            ? Command.Choices(standard: .next, hasNext: true)
            : Command.Choices(standard: .complete, hasComplete: true)
    }

    private static let questionChoices = Command.Choices(
        standard: .complete, hasPrevious: true, hasComplete: true)

    private static func formStep(
        _ operation: Operation, id: String, values: DataForm.Answers = [:]
    ) -> Command {
        Command(
            node: operation.name, sessionID: id, status: .executing, choices: Self.formChoices(operation),
            form: OperationForm(operation).form(values: values))
    }

    private func questionStep(
        _ operation: Operation, _ invocation: Invocation, id: String, note: String? = nil
    ) -> Command {
        let subject = operation.parameters.filter(\.isPositional)
            .compactMap { invocation.arguments[$0.name]?.string }.joined(separator: " ")
        let site = invocation.site ?? self.site
        let form = DataForm(
            .form, title: "\(operation.phrase) \(subject) at \(site)",
            instructions: ["\(operation.summary). This cannot be undone."],
            fields: [
                DataForm.Field(
                    Self.confirmationField, .boolean, label: "Do it", isRequired: true, values: ["0"])
            ])
        return Command(
            node: operation.name, sessionID: id, status: .executing, choices: Self.questionChoices,
            notes: note.map { [Command.Note(.warn, $0)] } ?? [], form: form)
    }
}
