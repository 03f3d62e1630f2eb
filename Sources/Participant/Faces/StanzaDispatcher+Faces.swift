import Operations
import XML
import XMPP

extension StanzaDispatcher {
    /// Opens the faces that are reached over XMPP: chat, ad-hoc commands and the operations of other sites.
    ///
    /// `feeds` are the nodes to which one may subscribe, where there are any.
    package func register(
        chat: ChatFace, commands: CommandFace, invocations: InvokeFace, feeds: SiteFeeds? = nil
    ) {
        if let feeds { self.register(feeds) }
        self.registerChat { message in await chat.receive(message) }
        self.registerPresence { presence in await chat.rooms.receive(presence) }
        self.announce([Namespace.chatStates, Namespace.receipts])
        self.register(
            message: DirectInvitation.elementName, namespace: DirectInvitation.namespace,
            feature: DirectInvitation.namespace
        ) { _, message, _ in
            // A message through a room may carry both kinds: the room's own is taken once, below.
            guard !message.payloads.contains(where: RoomNotice.matches) else { return }
            if await !chat.take(invitation: message) { await chat.receive(message) }
        }
        self.register(message: RoomNotice.elementName, namespace: RoomNotice.namespace) { _, message, _ in
            if await !chat.take(invitation: message) { await chat.receive(message) }
        }
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
                if let items = await feeds?.list(node: node, for: from) { return items.element }
                guard let items = try await commands.items(node: node, for: from) else {
                    throw StanzaError(.itemNotFound)
                }
                return items.element
            }, name: DiscoItems.elementName, namespace: DiscoItems.namespace)
        self.register(
            Responder { _, request, from throws(StanzaError) in
                let node = request[attribute: "node"]
                if let info = feeds?.info(node: node, for: from) { return info.element }
                guard let info = try await commands.info(node: node, for: from) else {
                    throw StanzaError(.itemNotFound)
                }
                return info.element
            }, name: DiscoInfo.elementName, namespace: DiscoInfo.namespace)
    }

    private func register(_ feeds: SiteFeeds) {
        self.register(
            Responder { iq, request, from throws(StanzaError) in
                try await feeds.answer(iq, request, from: from)
            },
            name: PubSub.elementName, namespace: PubSub.namespace, feature: Namespace.pubSub)
        self.register(
            Responder { _, _, _ throws(StanzaError) in
                throw StanzaError(.forbidden, text: "only the site itself owns nodes here")
            }, name: PubSubOwner.elementName, namespace: PubSubOwner.namespace)
    }
}
