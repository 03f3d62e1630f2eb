import CloudModel
import XML
import XMPP

/// Who is told of what happens at nodes (XEP-0060 §7.1.2, XEP-0163 §4.3).
extension LocalDomain {
    func tell(_ notice: PubSubNotice, at service: PubSubService, now: Instant) -> [DomainDirective] {
        switch notice {
        case .personal(let address, let content):
            guard self.mayHear(address, of: service) else { return [] }
            return [self.event(content, from: service, to: address, kind: .headline)]
        case .lastItem(let node, let name, let address):
            return self.lastItem(of: node, name, at: service, to: address)
        case .event(let node, let name, let content):
            switch content {
            case .items, .retracted, .purged:
                guard node.configuration.deliversNotifications else { return [] }
            case .deleted, .configured, .subscription: break
            }
            return self.listeners(to: name, node, at: service).map {
                self.event(content, from: service, to: $0, kind: node.configuration.messageKind)
            }
        }
    }

    /// Those who subscribed, and, at an account, the clients that said with their presence that they want to know;
    /// of all of them, those who may.
    private func listeners(to name: String, _ node: PubSubNode, at service: PubSubService) -> [JID] {
        let subscribers = node.subscriptions.filter(\.value).keys.sorted()
        var listeners = subscribers
        switch service.kind {
        case .feeds: break
        case .personal:
            let explicit = Set(node.subscriptions.keys)
            listeners += self.pubSub.capabilities.listeners(to: service.address, node: name).filter {
                !explicit.contains($0) && !explicit.contains($0.bare)
            }
        }
        return listeners.filter { address in
            guard self.mayHear(address, of: service) else { return false }
            let viewer = self.viewer(address, of: service.address)
            let isImplicit = node.subscriptions[address] == nil
            return service.isVisible(node, to: viewer) && (!isImplicit || viewer.seesPresence)
        }
    }

    /// Whether the owner lets anything pass to the address: one who is blocked hears of no event (XEP-0191 §3.3).
    private func mayHear(_ address: JID, of service: PubSubService) -> Bool {
        address.bare == service.address || !self.blocking.blocks(address, for: service.address)
    }

    private func lastItem(
        of node: PubSubNode, _ name: String, at service: PubSubService, to address: JID
    ) -> [DomainDirective] {
        guard self.mayHear(address, of: service), node.configuration.deliversNotifications,
            let item = node.items.last
        else { return [] }
        let told = item.told(withPayload: node.configuration.deliversPayloads)
        let delay = Delay(time: DateTime(item.publishedAt))
        return [
            self.event(
                .items(node: name, [told]), from: service, to: address,
                kind: node.configuration.messageKind, delay: delay)
        ]
    }

    private func event(
        _ content: PubSubEvent.Content, from service: PubSubService, to address: JID, kind: Message.Kind,
        delay: Delay? = nil
    ) -> DomainDirective {
        let payloads = [PubSubEvent(content).element] + (delay.map { [$0.element] } ?? [])
        return self.forward(
            .message(
                Message(
                    to: address, from: service.address, id: self.eventID(content, to: address), kind: kind,
                    payloads: payloads)))
    }

    /// An id for a notification, so that an error that comes back can be told apart (XEP-0060 §12.3).
    private func eventID(_ content: PubSubEvent.Content, to address: JID) -> String {
        switch content {
        case .items(let node, let items): "event-\(node)-\(items.last?.id ?? "")"
        case .retracted(let node, let ids): "retract-\(node)-\(ids.last ?? "")"
        case .purged(let node): "purge-\(node)"
        case .deleted(let node, _): "delete-\(node)"
        case .configured(let node, _): "configure-\(node)"
        case .subscription(let subscription): "subscription-\(subscription.node ?? "")"
        }
    }

    // MARK: Presence

    /// A client says that it is there, or is not any more, to an account whose presence it may see.
    mutating func notice(
        _ presence: Presence, from address: JID, for owner: JID, at now: Instant
    ) -> [DomainDirective] {
        let listener = CapabilityTable.Listener(owner: owner, address: address)
        switch presence.kind {
        case .available: break
        case .unavailable, .error:
            self.pubSub.capabilities.unavailable(listener)
            return []
        case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe: return []
        }
        guard !address.isBare, self.viewer(address, of: owner).seesPresence else { return [] }
        var capabilities: EntityCapabilities?
        if let element = presence.payloads.first(where: EntityCapabilities.matches) {
            do {
                capabilities = try EntityCapabilities(parsing: element)
            } catch {
                // The form before XEP-0115 1.4 has no hash: nothing in it can be verified.
                capabilities = nil
            }
        }
        switch self.pubSub.capabilities.available(listener, capabilities, at: now) {
        case .nothing: return []
        case .arrived(let interests): return self.lastItems(of: owner, interests, to: address)
        case .ask(let id, let node): return [self.ask(listener, id: id, node: node)]
        }
    }

    private func ask(_ listener: CapabilityTable.Listener, id: String, node: String) -> DomainDirective {
        self.forward(
            .iq(
                IQ(
                    to: listener.address, from: listener.owner, id: id,
                    body: .get(DiscoInfo(node: node).element))))
    }

    /// What a client that has just come is told of (XEP-0163 §4.3.4).
    private func lastItems(of owner: JID, _ interests: Set<String>, to address: JID) -> [DomainDirective] {
        guard !interests.isEmpty, let service = self.pubSub.services[owner] else { return [] }
        let viewer = self.viewer(address, of: owner)
        return interests.sorted().flatMap { name -> [DomainDirective] in
            guard let node = service.nodes[name],
                node.configuration.lastItem == .onSubscriptionAndPresence,
                service.isVisible(node, to: viewer)
            else { return [] }
            return self.lastItem(of: node, name, at: service, to: address)
        }
    }

    /// Takes an answer that the capabilities wait for; nil for any other stanza.
    mutating func takeCapabilities(_ stanza: Stanza, at now: Instant) -> [DomainDirective]? {
        guard case .iq(let iq) = stanza, iq.request == nil,
            self.pubSub.capabilities.isWaiting(for: iq.id, from: iq.from)
        else { return nil }
        var info: DiscoInfo?
        if case .result(.some(let element)) = iq.body {
            do {
                info = try DiscoInfo(parsing: element)
            } catch {
                // As good as no answer.
                info = nil
            }
        }
        switch self.pubSub.capabilities.answered(iq.id, info, at: now) {
        case .nothing: return []
        case .ask(let listener, let id, let node): return [self.ask(listener, id: id, node: node)]
        case .verified(let listeners, let interests):
            return listeners.flatMap { self.lastItems(of: $0.owner, interests, to: $0.address) }
        }
    }
}
