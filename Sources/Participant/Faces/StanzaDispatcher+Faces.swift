import Operations
import XML
import XMPP

extension StanzaDispatcher {
    /// Opens the faces that are reached over XMPP: chat, ad-hoc commands and the operations of other sites.
    package func register(chat: ChatFace, commands: CommandFace, invocations: InvokeFace) {
        self.registerChat { message in await chat.receive(message) }
        self.register(
            Responder { _, request, from throws(StanzaError) in
                try await invocations.respond(to: request, from: from)
            }, name: Invoke.elementName, namespace: Invoke.namespace, feature: Invoke.namespace)
        self.register(
            Responder { _, request, from throws(StanzaError) in
                try await commands.command(request, from: from)
            }, name: Command.elementName, namespace: Command.namespace, feature: Command.namespace)
        self.register(
            Responder { _, request, from throws(StanzaError) in
                let node = request[attribute: "node"]
                guard let items = try await commands.items(node: node, for: from) else {
                    throw StanzaError(.itemNotFound)
                }
                return items.element
            }, name: DiscoItems.elementName, namespace: DiscoItems.namespace)
        self.register(
            Responder { _, request, from throws(StanzaError) in
                let node = request[attribute: "node"]
                guard let info = try await commands.info(node: node, for: from) else {
                    throw StanzaError(.itemNotFound)
                }
                return info.element
            }, name: DiscoInfo.elementName, namespace: DiscoInfo.namespace)
    }
}
