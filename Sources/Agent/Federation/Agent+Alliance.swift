import Federation
package import Participant
import XMPP

extension SiteResponder: IQResponder {
    /// Answers these requests from now on, and announces that it does.
    package func register(on dispatcher: StanzaDispatcher) {
        for request in Self.requests {
            dispatcher.register(
                self, name: request.name, namespace: request.namespace, feature: Namespace.federation)
        }
    }
}
