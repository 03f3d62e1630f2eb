package import CloudModel
import Cryptography
package import Operations
import Synchronization
package import XML
package import XMPP

/// Offers the catalogue as ad-hoc commands with forms (XEP-0050), listed for each caller as far as the grants go.
package final class CommandFace: Sendable {
    private struct State {
        var core: CommandCore
        var administration: AdministrationCore
        var random = SecureRandom()
    }

    private let table: OperationTable
    private let performer: any OperationPerformer
    private let address: JID
    private let now: @Sendable () -> Instant
    private let state: Mutex<State>

    /// Offers what is in `table`.
    ///
    /// - Parameter performer: performs what is in the table, and what has an idempotency key once (``OncePerformer``).
    /// - Parameter address: under which this process is reached.
    package init(
        table: OperationTable, performer: any OperationPerformer, address: JID,
        now: @escaping @Sendable () -> Instant
    ) {
        self.table = table
        self.performer = performer
        self.address = address
        self.now = now
        self.state = Mutex(
            State(
                core: CommandCore(site: table.site), administration: AdministrationCore(site: table.site)))
    }

    /// Answers a `<command/>`.
    package func command(_ request: Element, from sender: JID) async throws(StanzaError) -> Element {
        let command: Command
        do throws(PayloadError) {
            command = try Command(parsing: request)
        } catch {
            throw error.stanzaError
        }
        let permitted = try await self.permitted(to: sender)
        if let administration = AdministrationCommand(node: command.node) {
            return try await self.administrate(administration, command, from: sender, permitted).element
        }
        let now = self.now()
        let step = self.state.withLock { state in
            let id = Hexadecimal.encode(state.random.bytes(16))
            return state.core.receive(command, from: sender, permitted: permitted, freshID: id, now: now)
        }
        switch step {
        case .answer(let answer):
            return answer.element
        case .refuse(let error):
            throw error
        case .perform(let invocation):
            do throws(OperationError) {
                let result = try await self.performer.perform(invocation)
                return self.state.withLock { $0.core.answer(to: command, result) }.element
            } catch {
                throw error.stanzaError
            }
        }
    }

    /// A step of one of the commands that XEP-0133 names.
    private func administrate(
        _ administration: AdministrationCommand, _ command: Command, from sender: JID,
        _ permitted: [Operations.Operation]
    ) async throws(StanzaError) -> Command {
        let now = self.now()
        let step = self.state.withLock { state in
            let id = Hexadecimal.encode(state.random.bytes(16))
            return state.administration.receive(
                command, administration, from: sender, permitted: permitted, freshID: id, now: now)
        }
        switch step {
        case .answer(let answer): return answer
        case .refuse(let error): throw error
        case .perform(let administration, let invocations):
            do throws(OperationError) {
                var results: [OperationResult] = []
                for invocation in invocations { results.append(try await self.table.perform(invocation)) }
                return AdministrationCore.answer(to: command, administration, results)
            } catch {
                throw error.stanzaError
            }
        }
    }

    /// The list of commands, for disco#items on its node; nil if the node is not ours.
    package func items(node: String?, for sender: JID) async throws(StanzaError) -> DiscoItems? {
        guard node == Command.listNode else {
            let administration = node.flatMap(AdministrationCommand.init(node:))
            let name = administration?.node ?? node.flatMap(Catalogue.operation)?.name
            return name.map { DiscoItems(node: $0) }
        }
        let permitted = try await self.permitted(to: sender)
        var list = CommandCore.items(permitted, at: self.address)
        list.items += AdministrationCore.items(permitted, at: self.address)
        return list
    }

    /// What the list or one command is, for disco#info on its node; nil if the node is not ours.
    package func info(node: String?, for sender: JID) async throws(StanzaError) -> DiscoInfo? {
        if node == Command.listNode {
            return DiscoInfo(
                node: node, identities: [.init(category: "automation", type: "command-list")],
                features: [Namespace.commands])
        }
        let permitted = try await self.permitted(to: sender)
        if let administration = node.flatMap(AdministrationCommand.init(node:)) {
            let isPermitted = AdministrationCore.commands(for: permitted).contains(administration)
            return isPermitted ? AdministrationCore.info(administration) : nil
        }
        return permitted.first { $0.name == node }.map(CommandCore.info)
    }

    private func permitted(to sender: JID) async throws(StanzaError) -> [Operations.Operation] {
        do throws(OperationError) {
            return try await self.table.permitted(to: GrantBook.Caller(sender))
        } catch {
            throw error.stanzaError
        }
    }
}
