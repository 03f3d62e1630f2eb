package import XML
package import XMPP

extension StanzaDispatcher {
    /// What is done with a message that carries a payload somebody registered for.
    package typealias MessageHandler = @Sendable (Element, Message, JID) async -> Void

    /// The qualified name of a payload.
    struct Name: Hashable, Sendable {
        let name: String
        let namespace: String
    }

    /// Who answers what.
    struct Table: Sendable {
        var responders: [Name: any IQResponder] = [:]
        var messages: [Name: MessageHandler] = [:]
        var features: Set<String> = [Namespace.discoInfo, Namespace.discoItems, Namespace.ping]
        var chat: (@Sendable (Message) async -> Void)?
        var presence: (@Sendable (Presence) async -> Void)?

        func responder(for request: Element) -> (any IQResponder)? {
            self.responders[Name(name: request.name, namespace: request.namespace)]
        }

        func handlers(for message: Message) -> [(Element, MessageHandler)] {
            message.payloads.compactMap { payload in
                self.messages[Name(name: payload.name, namespace: payload.namespace)].map { (payload, $0) }
            }
        }
    }
}
