import CloudModel
import XML
import XMPP

extension HostedService {
    /// The domain's feeds: nodes that people and the local service publish at and anybody subscribes to (XEP-0060).
    static var feeds: Self {
        Self(name: "Feeds") { domain, stanza, now in domain.handleForFeeds(stanza, at: now) }
    }
}

/// Publish-subscribe at the domain's feeds.
extension LocalDomain {
    fileprivate mutating func handleForFeeds(_ stanza: Stanza, at now: Instant) -> DomainStep {
        // Messages and presence mean nothing here; errors that come back for a notification neither.
        guard case .iq(let iq) = stanza, let query = iq.request, let from = iq.from else {
            return .done(Self.isRefused(stanza) ? self.refuse(stanza, StanzaError(.serviceUnavailable)) : [])
        }
        guard let address = self.pubSub.feeds, let service = self.pubSub.services[address],
            iq.to == address
        else {
            return .done(self.refuse(stanza, StanzaError(.itemNotFound, text: "nobody is here")))
        }
        var viewer = PubSubViewer(from)
        viewer.mayCreate = self.hasAccount(from.bare)
        if PubSub.matches(query) || PubSubOwner.matches(query) {
            return self.handlePubSub(iq, query, at: service, by: viewer, session: nil, now: now)
        }
        return .done([self.forward(.iq(self.describeFeeds(iq, query, service, viewer)))])
    }

    private static func isRefused(_ stanza: Stanza) -> Bool {
        guard case .message(let message) = stanza else { return false }
        return message.kind != .error
    }

    private func describeFeeds(
        _ iq: IQ, _ query: Element, _ service: PubSubService, _ viewer: PubSubViewer
    ) -> IQ {
        guard case .get = iq.body else { return iq.reply(.error(StanzaError(.serviceUnavailable))) }
        let node = query[attribute: "node"]
        if Ping.matches(query) { return iq.reply(.result(nil)) }
        if DiscoItems.matches(query) {
            guard let items = self.list(node, of: service, for: viewer) else {
                return iq.reply(.error(StanzaError(.itemNotFound)))
            }
            return iq.reply(.result(DiscoItems(node: node, items: items).element))
        }
        guard DiscoInfo.matches(query) else { return iq.reply(.error(StanzaError(.serviceUnavailable))) }
        guard let node else {
            let features =
                [Namespace.discoInfo, Namespace.discoItems, Namespace.ping, Namespace.pubSub]
                + PubSubService.features(of: .feeds)
            let identity = DiscoInfo.Identity(category: "pubsub", type: "service", name: "Feeds")
            return iq.reply(
                .result(DiscoInfo(identities: [identity], features: features.sorted()).element))
        }
        guard let info = self.describeNode(node, of: service, for: viewer) else {
            return iq.reply(.error(StanzaError(.itemNotFound)))
        }
        return iq.reply(.result(info.element))
    }
}
