import CloudModel
import XML
import XMPP

extension DomainFeature {
    /// Personal eventing (XEP-0163), with it bookmarks (XEP-0402), avatars (XEP-0084) and private data (XEP-0223).
    static var personalEvents: Self {
        var feature = Self("personal events")
        feature.accountIdentities = [DiscoInfo.Identity(category: "pubsub", type: "pep")]
        feature.accountFeatures = PubSubService.features(of: .personal) + [Namespace.pubSub]
        feature.accountItems = { domain, request, node in domain.listNodes(request, node) }
        feature.accountNode = { domain, request, node in
            domain.describeNode(
                node, of: domain.pubSub.service(of: request.account), for: domain.viewer(request))
        }
        feature.accountQueries = [
            .get(PubSub.self): AccountQuery(for: .anyone) { $0.handlePubSub($1) },
            .set(PubSub.self): AccountQuery(for: .anyone) { $0.handlePubSub($1) },
            .get(PubSubOwner.self): AccountQuery(for: .anyone) { $0.handlePubSub($1) },
            .set(PubSubOwner.self): AccountQuery(for: .anyone) { $0.handlePubSub($1) },
        ]
        return feature
    }
}

/// Publish-subscribe at accounts.
extension LocalDomain {
    /// A request to an account's nodes.
    ///
    /// Strangers from elsewhere, who may not know that there is such an account, hear what they would hear if there were
    /// none, unless the owner has published something for them (RFC 6120 §13.11).
    mutating func handlePubSub(_ request: AccountRequest) -> DomainStep {
        let viewer = self.viewer(request)
        let service = self.pubSub.service(of: request.account)
        guard
            viewer.seesPresence || self.hasAccount(viewer.address.bare)
                || service.nodes.values.contains(where: { service.isVisible($0, to: viewer) })
        else {
            return self.answer(request, .error(StanzaError(.serviceUnavailable)))
        }
        return self.handlePubSub(
            request.iq, request.query, at: service, by: viewer,
            session: request.session?.id, now: request.now)
    }

    /// A request to any service.
    mutating func handlePubSub(
        _ iq: IQ, _ query: Element, at service: PubSubService, by viewer: PubSubViewer,
        session: SessionID?, now: Instant
    ) -> DomainStep {
        var service = service
        let outcome: PubSubOutcome
        do throws(StanzaError) {
            try self.checkRate(of: iq, by: viewer, at: service, now: now)
            outcome = try Self.outcome(iq, query, at: &service, by: viewer, now: now)
        } catch {
            return .done([self.hand(.iq(iq.reply(.error(error))), to: session)])
        }
        let update = PubSubUpdate(service: service, outcome: outcome, iq: iq, session: session)
        guard outcome.changes.isEmpty else { return .durable(.changePubSub(update)) }
        self.count(update, at: now)
        let notices = outcome.notices.flatMap { self.tell($0, at: service, now: now) }
        return .done([self.answer(update)] + notices)
    }

    /// One who changes something too often has to wait: each change may be told to thousands.
    private mutating func checkRate(
        of iq: IQ, by viewer: PubSubViewer, at service: PubSubService, now: Instant
    ) throws(StanzaError) {
        guard case .set = iq.body, Self.isCounted(viewer.address, at: service) else { return }
        guard self.pubSub.changes.isOpen(for: viewer.address.bare, at: now) else {
            throw StanzaError(.policyViolation, kind: .wait, text: "too much at once; wait a little")
        }
    }

    /// Counts a change once it has come about, for a request that needs the disk is handled twice.
    private mutating func count(_ update: PubSubUpdate, at now: Instant) {
        guard case .set = update.iq.body, let sender = update.iq.from,
            Self.isCounted(sender, at: update.service)
        else { return }
        _ = self.pubSub.changes.admits(sender.bare, at: now)
    }

    private static func isCounted(_ sender: JID, at service: PubSubService) -> Bool {
        service.kind == .personal || sender.bare != service.master
    }

    private static func outcome(
        _ iq: IQ, _ query: Element, at service: inout PubSubService, by viewer: PubSubViewer, now: Instant
    ) throws(StanzaError) -> PubSubOutcome {
        let isSet: Bool
        switch iq.body {
        case .set: isSet = true
        case .get, .result, .error: isSet = false
        }
        do {
            if PubSub.matches(query) {
                return try service.handle(
                    try PubSub(parsing: query), isSet: isSet, from: viewer, at: now)
            }
            return try service.handle(try PubSubOwner(parsing: query), isSet: isSet, from: viewer)
        } catch let error as StanzaError {
            throw error
        } catch let error as PayloadError {
            throw error.stanzaError
        } catch {
            throw StanzaError(.internalServerError)
        }
    }

    /// The service's changes are on disk: it is put in place, the asker is answered, listeners are told.
    mutating func changed(_ update: PubSubUpdate, at now: Instant) -> [DomainDirective] {
        let service = update.service
        // An account may have gone while the disk was busy.
        guard service.kind == .feeds || self.hasAccount(service.address) else { return [] }
        self.pubSub.services[service.address] =
            service.nodes.isEmpty && service.kind == .personal ? nil : service
        self.count(update, at: now)
        return [self.answer(update)] + update.outcome.notices.flatMap { self.tell($0, at: service, now: now) }
    }

    /// The disk refused: nothing has changed.
    func failed(_ update: PubSubUpdate) -> [DomainDirective] {
        let error = StanzaError(
            .internalServerError, kind: .wait, text: "it could not be stored; try again later")
        return [self.hand(.iq(update.iq.reply(.error(error))), to: update.session)]
    }

    private func answer(_ update: PubSubUpdate) -> DomainDirective {
        self.hand(.iq(update.iq.reply(.result(update.outcome.answer))), to: update.session)
    }

    // MARK: Who is who

    func viewer(_ request: AccountRequest) -> PubSubViewer {
        var viewer = self.viewer(
            request.session?.address ?? request.iq.from ?? request.account, of: request.account)
        viewer.mayCreate = request.isFromOwner
        return viewer
    }

    /// Somebody, as the owner of an account's nodes sees him.
    func viewer(_ address: JID, of account: JID) -> PubSubViewer {
        let item = self.rosters[account]?[address.bare]
        return PubSubViewer(
            address, seesPresence: item?.subscription.incoming == .established || address.bare == account,
            rosterGroups: Set(item?.groups ?? []))
    }

    // MARK: Discovery

    fileprivate func listNodes(_ request: AccountRequest, _ node: String?) -> [DiscoItems.Item]? {
        let service = self.pubSub.service(of: request.account)
        return self.list(node, of: service, for: self.viewer(request))
    }

    /// The nodes of a service, or the items of one node, as far as somebody may know of them (XEP-0060 §5.2, §5.5).
    func list(_ node: String?, of service: PubSubService, for viewer: PubSubViewer) -> [DiscoItems.Item]? {
        guard let node else {
            return service.nodes.filter { service.isVisible($0.value, to: viewer) }
                .sorted { $0.key < $1.key }.map { name, node in
                    let title = node.configuration.title
                    return DiscoItems.Item(
                        address: service.address, node: name, name: title.isEmpty ? nil : title)
                }
        }
        guard let existing = service.nodes[node], service.isVisible(existing, to: viewer) else { return nil }
        return existing.items.map { DiscoItems.Item(address: service.address, name: $0.id) }
    }

    /// What a node is (XEP-0060 §5.3, §5.4).
    func describeNode(_ node: String, of service: PubSubService, for viewer: PubSubViewer) -> DiscoInfo? {
        guard let existing = service.nodes[node], service.isVisible(existing, to: viewer) else { return nil }
        return DiscoInfo(
            node: node, identities: [DiscoInfo.Identity(category: "pubsub", type: "leaf")],
            features: [Namespace.pubSub], forms: [existing.configuration.metadata])
    }
}
