import CloudModel
package import Operations
import Synchronization
package import XML
package import XMPP

/// Performs what other sites ask for, under the grants that this site gave them; the same request once.
package final class InvokeFace: Sendable {
    /// What a key stands for.
    private struct Request: Hashable, Sendable {
        let operation: String
        let arguments: [String: Value]
        let site: SiteID?
        /// An outcome is not for those whose grant has changed since.
        let scope: Grant.Scope
    }

    private typealias Memory = InvokeMemory<
        Request, OperationResult, CheckedContinuation<OperationResult?, any Error>
    >

    private let performer: any OperationGatekeeper
    private let memory = Mutex(Memory())

    package init(performer: any OperationGatekeeper) {
        self.performer = performer
    }

    /// Answers an `<invoke/>` of `sender`, as the stream proved it.
    package func respond(to request: Element, from sender: JID) async throws(StanzaError) -> Element {
        let invoke: Invoke
        do throws(PayloadError) {
            invoke = try Invoke(parsing: request)
        } catch {
            throw error.stanzaError
        }
        do {
            return Outcome(try await self.perform(invoke, from: sender)).element
        } catch let error as OperationError {
            throw error.stanzaError
        } catch {
            throw StanzaError(.internalServerError, text: "\(error)")
        }
    }

    private func perform(_ invoke: Invoke, from sender: JID) async throws -> OperationResult {
        let invocation = invoke.invocation(by: GrantBook.Caller(sender))
        guard let key = invoke.idempotencyKey else { return try await self.performer.perform(invocation) }
        let name = Memory.Key(site: sender.bare.description, key: key)
        // Also of what was performed long ago nothing is told without a grant.
        let request = Request(
            operation: invocation.operation, arguments: invocation.arguments, site: invocation.site,
            scope: try await self.performer.authorize(invocation))
        let known = try await withCheckedThrowingContinuation { continuation in
            switch self.memory.withLock({ $0.begin(name, request, waiter: continuation) }) {
            case .perform: continuation.resume(returning: nil)
            case .wait: break
            case .known(let result): continuation.resume(returning: result)
            case .differs:
                continuation.resume(
                    throwing: OperationError(
                        .conflict, "the key “\(key)” was used for another request, or under another grant",
                        next: "ask with a new key"))
            }
        }
        if let known { return known }
        do throws(OperationError) {
            let result = try await self.performer.perform(invocation)
            for waiter in self.memory.withLock({ $0.finish(name, result) }) {
                waiter.resume(returning: result)
            }
            return result
        } catch {
            for waiter in self.memory.withLock({ $0.finish(name, nil) }) { waiter.resume(throwing: error) }
            throw error
        }
    }
}
