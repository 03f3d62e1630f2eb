import CloudModel
package import Operations
package import XML
package import XMPP

/// Performs what other sites ask for, under the grants that this site gave them.
///
/// What performs it must see to it that a request that arrives twice is performed once (`OncePerformer`).
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
            let invocation = invoke.invocation(by: GrantBook.Caller(sender))
            return Outcome(try await self.performer.perform(invocation)).element
        } catch {
            throw error.stanzaError
        }
    }
}
