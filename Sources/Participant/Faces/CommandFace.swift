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
        var random = SecureRandom()
    }

    private let table: OperationTable
    private let address: JID
    private let now: @Sendable () -> Instant
    private let state: Mutex<State>

    /// `address` is the one under which this process is reached.
    package init(table: OperationTable, address: JID, now: @escaping @Sendable () -> Instant) {
        self.table = table
        self.address = address
        self.now = now
        self.state = Mutex(State(core: CommandCore(site: table.site)))
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
                let result = try await self.table.perform(invocation)
                return self.state.withLock { $0.core.answer(to: command, result) }.element
            } catch {
                throw error.stanzaError
            }
        }
    }

    /// The list of commands, for disco#items on its node; nil if the node is not ours.
    package func items(node: String?, for sender: JID) async throws(StanzaError) -> DiscoItems? {
        guard node == Command.listNode else {
            return node.flatMap(Catalogue.operation).map { DiscoItems(node: $0.name) }
        }
        return CommandCore.items(try await self.permitted(to: sender), at: self.address)
    }

    /// What the list or one command is, for disco#info on its node; nil if the node is not ours.
    package func info(node: String?, for sender: JID) async throws(StanzaError) -> DiscoInfo? {
        if node == Command.listNode {
            return DiscoInfo(
                node: node, identities: [.init(category: "automation", type: "command-list")],
                features: [Namespace.commands])
        }
        return try await self.permitted(to: sender).first { $0.name == node }.map(CommandCore.info)
    }

    private func permitted(to sender: JID) async throws(StanzaError) -> [Operations.Operation] {
        do throws(OperationError) {
            return try await self.table.permitted(to: GrantBook.Caller(sender))
        } catch {
            throw error.stanzaError
        }
    }
}
