import CloudModel
import Cryptography
import Federation
package import Operations
import Synchronization
import XML
import XMPP
package import XMPPTransport

/// Performs operations at other sites, by asking their agents over XMPP.
package struct RemoteOperations: OperationPerformer {
    /// The longest that an operation waits for its end before it answers with what there is.
    package static let waitMax: Duration = .seconds(120)
    /// How long another site may take to answer: longer than it may wait, with time for the way there and back.
    package static let timeout: Duration = Self.waitMax + .seconds(60)

    private let link: any XMPPLink

    package init(link: any XMPPLink) {
        self.link = link
    }

    package func perform(
        _ invocation: Invocation, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        guard let site = invocation.site else {
            throw OperationError(.badRequest, "no site is named to perform \(invocation.operation)")
        }
        let peer: JID
        do {
            peer = try site.jid()
        } catch {
            throw OperationError(.badRequest, "“\(site)” is no address of a site: \(error)")
        }
        var random = SecureRandom()
        let id = IQ.id(randomUsing: &random)
        // A link that was cut may carry the request twice: the key keeps it from being performed twice.
        let invoke = Invoke(
            operation: invocation.operation, arguments: invocation.arguments, behalf: invocation.behalf,
            idempotencyKey: invocation.idempotencyKey ?? id)
        let answer: IQ
        do {
            answer = try await self.link.request(
                IQ(to: peer, id: id, body: .set(invoke.element)), timeout: Self.timeout)
        } catch let error as StanzaError {
            var error = OperationError(error)
            error.site = error.site ?? site
            throw error
        } catch {
            throw OperationError(.unavailable, "\(site) could not be asked: \(error)", site: site)
        }
        return try Self.result(in: answer, of: site)
    }

    private static func result(in answer: IQ, of site: SiteID) throws(OperationError) -> OperationResult {
        switch answer.body {
        case .error(let error):
            var error = OperationError(error)
            error.site = error.site ?? site
            throw error
        case .result(.some(let element)):
            do throws(PayloadError) {
                return try Outcome(parsing: element).result
            } catch {
                throw OperationError(
                    .internalError, "\(site) answered what is no outcome: \(error.problem)", site: site)
            }
        case .result(.none), .get, .set:
            throw OperationError(.internalError, "\(site) answered nothing", site: site)
        }
    }
}
