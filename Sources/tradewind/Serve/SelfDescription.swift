import CloudModel
import Participant
import XMPP

/// What the embedded server says for the process when there is one: which software, and what time it is.
struct SelfDescription: Sendable {
    /// Nil for one that is not told.
    let version: String?
    let now: @Sendable () -> Instant

    /// Answers the questions from now on.
    func register(on dispatcher: StanzaDispatcher) {
        if let version {
            dispatcher.register(
                Responder { iq, _, _ throws(StanzaError) in
                    guard case .get = iq.body else { throw StanzaError(.notAllowed) }
                    return SoftwareVersion(name: "Tradewind", version: version).element
                }, name: SoftwareVersion.elementName, namespace: SoftwareVersion.namespace,
                feature: Namespace.version)
        }
        dispatcher.register(
            Responder { [now] iq, _, _ throws(StanzaError) in
                guard case .get = iq.body else { throw StanzaError(.notAllowed) }
                let time = DateTime(millisecondsSinceEpoch: now().millisecondsSinceEpoch)
                return EntityTime(EntityTime.Reading(time: time)).element
            }, name: EntityTime.elementName, namespace: EntityTime.namespace, feature: Namespace.time)
    }
}
