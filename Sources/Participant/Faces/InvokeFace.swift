import CloudModel
package import Operations
package import XML
package import XMPP

/// Performs what other sites ask for, under the grants that this site gave them.
package struct InvokeFace: Sendable {
    private let performer: any OperationPerformer

    package init(performer: any OperationPerformer) {
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
        do throws(OperationError) {
            let result = try await self.performer.perform(invoke.invocation(by: GrantBook.Caller(sender)))
            return Outcome(result).element
        } catch {
            throw error.stanzaError
        }
    }
}
