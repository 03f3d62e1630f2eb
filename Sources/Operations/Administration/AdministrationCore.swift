package import CloudModel
package import XMPP

/// Leads through a command of service administration: form, then result (XEP-0133, XEP-0050).
///
/// Whether somebody may is asked at each step, and once more of the operation table when it is performed.
package struct AdministrationCore: Sendable {
    package enum OnCommand: Hashable, Sendable {
        case answer(Command)
        /// Perform these one after the other, then answer with `answer(to:…)`.
        case perform(AdministrationCommand, [Invocation])
        case refuse(StanzaError)
    }

    private let site: SiteID
    private var sessions = CommandSessions<AdministrationCommand>()

    package init(site: SiteID) {
        self.site = site
    }

    /// The commands for those operations, in the order of their definition.
    package static func commands(for permitted: [Operation]) -> [AdministrationCommand] {
        let names = Set(permitted.map(\.name))
        return AdministrationCommand.allCases.filter { names.contains($0.operation) }
    }

    /// Takes one step of `owner`, a full address; `freshID` names the session if one begins.
    package mutating func receive(
        _ request: Command, _ command: AdministrationCommand, from owner: JID, permitted: [Operation],
        freshID: String, now: Instant
    ) -> OnCommand {
        let time = DateTime(millisecondsSinceEpoch: now.millisecondsSinceEpoch)
        guard Self.commands(for: permitted).contains(command) else {
            let error = OperationError(
                .forbidden, "\(owner.bare) may not \(command.operation) at \(self.site)",
                next: "ask an administrator of \(self.site) for a grant")
            return .refuse(error.stanzaError)
        }
        do throws(StanzaError) {
            guard let id = request.sessionID else {
                if request.action == .cancel { throw CommandError.badSessionID.stanzaError() }
                guard !command.fields.isEmpty else {
                    return .perform(command, [self.invocation(command, [:], owner)])
                }
                try self.sessions.open(
                    id: freshID, owner: owner, node: command.node, state: command, now: time)
                return .answer(Self.step(command, id: freshID))
            }
            return try self.proceed(request, command, id: id, owner, time)
        } catch {
            return .refuse(error)
        }
    }

    private mutating func proceed(
        _ request: Command, _ command: AdministrationCommand, id: String, _ owner: JID, _ time: DateTime
    ) throws(StanzaError) -> OnCommand {
        do throws(CommandError) {
            _ = try self.sessions.resume(id: id, owner: owner, node: command.node, now: time)
        } catch {
            throw error.stanzaError()
        }
        guard let action = Self.choices.meaning(of: request.action) else {
            throw CommandError.badAction.stanzaError()
        }
        if action == .cancel {
            self.sessions.close(id: id)
            return .answer(Command(node: command.node, sessionID: id, status: .canceled))
        }
        guard let form = request.form else { throw CommandError.badPayload.stanzaError() }
        do throws(OperationError) {
            let invocations = try command.arguments(submitted: form).map {
                self.invocation(command, $0, owner)
            }
            self.sessions.close(id: id)
            return .perform(command, invocations)
        } catch {
            var step = Self.step(command, id: id)
            step.notes = [Command.Note(.error, error.next.map { "\(error.message); \($0)" } ?? error.message)]
            return .answer(step)
        }
    }

    /// The last step: done, with what there is to tell.
    package static func answer(
        to request: Command, _ command: AdministrationCommand, _ results: [OperationResult]
    ) -> Command {
        Command(
            node: command.node, sessionID: request.sessionID, status: .completed,
            notes: results.compactMap(\.message).map { Command.Note(.info, $0) },
            form: results.last.flatMap(command.form(of:)))
    }

    /// How the commands are listed (XEP-0050 §3.1).
    package static func items(_ permitted: [Operation], at address: JID) -> [DiscoItems.Item] {
        Self.commands(for: permitted).map {
            DiscoItems.Item(address: address, node: $0.node, name: $0.title)
        }
    }

    /// What is said about one command (XEP-0050 §3.2).
    package static func info(_ command: AdministrationCommand) -> DiscoInfo {
        DiscoInfo(
            node: command.node,
            identities: [.init(category: "automation", type: "command-node", name: command.title)],
            features: [Namespace.commands, Namespace.dataForms])
    }

    private func invocation(
        _ command: AdministrationCommand, _ arguments: [String: Value], _ owner: JID
    ) -> Invocation {
        Invocation(
            operation: command.operation, arguments: arguments, caller: GrantBook.Caller(owner))
    }

    private static let choices = Command.Choices(standard: .complete, hasComplete: true)

    private static func step(_ command: AdministrationCommand, id: String) -> Command {
        Command(
            node: command.node, sessionID: id, status: .executing, choices: Self.choices, form: command.form)
    }
}
