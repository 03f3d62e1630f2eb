import CloudModel
import Federation
package import Logging
package import Participant
package import XMPP

extension Agent.Outlets {
    /// The alliance, reached over XMPP.
    ///
    /// `send` hands a message to routing and throws while its receiver is out of reach.
    package init(
        federation: FederationService, address: JID,
        send: @escaping @Sendable (Message) async throws -> Void, logger: Logger
    ) {
        self.init(
            report: { machine, holder in
                try await send(
                    Message(
                        to: try holder.jid(), from: address, kind: .normal,
                        payloads: [MachineReport(machine: machine).element]))
            },
            publish: { description in
                do {
                    try await federation.publish(description)
                } catch {
                    logger.error("cannot publish the site's row", metadata: ["error": "\(error)"])
                }
            })
    }
}

extension SiteResponder: IQResponder {
    /// Answers these requests from now on, and announces that it does.
    package func register(on dispatcher: StanzaDispatcher) {
        for request in Self.requests {
            dispatcher.register(
                self, name: request.name, namespace: request.namespace, feature: Namespace.federation)
        }
    }
}
