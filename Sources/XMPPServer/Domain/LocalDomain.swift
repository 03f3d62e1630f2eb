package import CloudModel
package import XMPP

/// Everything a server decides for one domain, without doing any of it (RFC 6120 §10, RFC 6121).
///
/// A value: events go in, directives come out. Accounts, rosters and sessions live here; streams, disk and clock do
/// not. The domain itself is an address too, behind which the local service sits; its subscribers are kept in a roster
/// like everybody's.
package struct LocalDomain: Sendable {
    /// The domain as a bare JID.
    package let address: JID
    /// What the domain says of itself to service discovery.
    package internal(set) var profile: ServiceProfile {
        didSet { self.capabilities = self.describeCapabilities() }
    }
    /// What the domain says of itself, by hash (XEP-0115).
    private(set) var capabilities: EntityCapabilities?
    /// What answers requests and what is announced.
    package let features: FeatureTable
    /// By domain, the services beside the accounts.
    package private(set) var hosted: [String: HostedService] = [:]
    /// The rooms beside the accounts, if there are any.
    package internal(set) var rooms: RoomService?
    package internal(set) var sessions: SessionTable
    /// By bare JID: one for each account and one for the domain.
    var rosters: [JID: Roster]
    /// How many messages are kept for each account that has any.
    var keptMessages: [JID: Int]
    /// The archives; nil if nothing is archived here.
    package internal(set) var archive: MessageArchive?
    /// Nodes of accounts and of the domain's feeds.
    package internal(set) var pubSub: PubSubTable
    /// When the last event came.
    private(set) var latest = Instant(millisecondsSinceEpoch: 0)
    /// What those who ask after the domain are told; nil until the service has said something.
    var servicePresence: Presence?
    /// Who gets copies of other clients' messages.
    var carbons = Carbons()
    /// Who wants to hear nothing of whom.
    var blocking: Blocking
    /// Which documents accounts have.
    var documents: Documents
    /// When those who are not there went, since the server runs.
    var lastSeen: [JID: LastSeen] = [:]
    /// When accounts last changed their passwords themselves.
    var passwordChanges: [JID: Instant] = [:]
    /// Accounts whose password is being hashed or written.
    var changingPasswords: Set<JID> = []
    /// The accounts that nobody may log in to.
    var disabled: Set<JID> = []
    /// The accounts that are being deleted: still in place, in case the disk refuses, but as good as gone.
    var leaving: Set<JID> = []
    /// What people get when they come online.
    var messageOfTheDay: String?
    /// Whom to turn to about the domain.
    let contacts: ContactAddresses
    /// Since when the server runs.
    let startedAt: Instant
    /// Messages kept for one account.
    let keptPerAccount: Int
    private var nextPush: UInt64 = 1

    package init(
        address: JID, profile: ServiceProfile, features: FeatureTable = FeatureTable(),
        sessions: SessionTable = SessionTable(), serviceRoster: Roster = Roster(), keptPerAccount: Int = 100,
        archive: MessageArchive? = nil, pubSub: PubSubTable = PubSubTable(), blockedPerAccount: Int = 1_000,
        documentLimits: DocumentLimits = DocumentLimits(), contacts: ContactAddresses = ContactAddresses(),
        startedAt: Instant = Instant(millisecondsSinceEpoch: 0)
    ) {
        self.address = address
        self.features = features
        self.profile = profile
        self.sessions = sessions
        self.rosters = [address: serviceRoster]
        self.keptMessages = [:]
        self.archive = archive
        self.pubSub = pubSub
        self.servicePresence = nil
        self.blocking = Blocking(addressesPerAccount: blockedPerAccount)
        self.documents = Documents(limits: documentLimits)
        self.contacts = contacts
        self.startedAt = startedAt
        self.latest = startedAt
        self.keptPerAccount = keptPerAccount
        self.capabilities = self.describeCapabilities()
    }

    /// Handles one event.
    package mutating func handle(_ event: DomainEvent, at now: Instant) -> DomainStep {
        self.latest = now
        switch event {
        case .fromClient(let stanza, let id):
            guard let session = self.sessions[id] else { return .done([]) }
            guard self.leaving.isEmpty || !self.leaving.contains(session.address.bare) else {
                return .done(self.refuse(stanza, Self.leavingError, to: session))
            }
            guard !session.isDisplaced || self.mayFinish(stanza, session) else { return .done([]) }
            return self.handle(stanza, from: session, at: now)
        case .fromService(let stanza): return self.handleFromService(stanza)
        case .routed(let stanza): return self.route(stanza, at: now)
        case .sessionEnded(let id): return .done(self.end(id))
        case .undelivered(let undelivered): return self.handOn(undelivered)
        }
    }

    // MARK: Accounts

    package func hasAccount(_ account: JID) -> Bool {
        account.local != nil && self.rosters[account] != nil
            && (self.leaving.isEmpty || !self.leaving.contains(account))
    }

    /// The accounts, by address.
    package var accounts: [JID] {
        self.rosters.keys.filter { $0.local != nil }.sorted()
    }

    package mutating func add(
        account: JID, roster: Roster = Roster(), keptMessages: Int = 0, isDisabled: Bool = false,
        blockList: BlockList = BlockList()
    ) {
        if isDisabled { self.disabled.insert(account) }
        self.rosters[account] = roster
        self.blocking[account] = blockList
        if keptMessages > 0 { self.keptMessages[account] = keptMessages }
    }

    // MARK: Routing

    /// Where a stanza that leaves somebody here goes next.
    ///
    /// The stanza must have a `to`.
    func forward(_ stanza: Stanza) -> DomainDirective {
        guard let domain = stanza.to?.domain else { return .sendRemote(stanza) }
        return domain == self.address.domain || self.isHosted(domain) ? .route(stanza) : .sendRemote(stanza)
    }

    /// Puts a service behind a domain of its own, prepared; before the first event.
    package mutating func host(_ service: HostedService, at domain: String) {
        self.hosted[domain] = service
    }

    private func isHosted(_ domain: String) -> Bool {
        !self.hosted.isEmpty && self.hosted[domain] != nil
    }

    /// The error that goes back to the sender of `stanza`, if it may be told.
    func refuse(_ stanza: Stanza, _ error: StanzaError) -> [DomainDirective] {
        guard let reply = stanza.errorReply(error), reply.to != nil else { return [] }
        return [self.forward(reply)]
    }

    /// The error that goes back to a client for what it just sent.
    func refuse(_ stanza: Stanza, _ error: StanzaError, to session: ClientSession) -> [DomainDirective] {
        guard var reply = stanza.errorReply(error) else { return [] }
        reply.to = session.address
        return [.deliver(reply, [session.id])]
    }

    private mutating func handle(
        _ stanza: Stanza, from session: ClientSession, at now: Instant
    ) -> DomainStep {
        var stanza = stanza
        stanza.from = session.address
        if let end = self.inspect(&stanza, from: session) { return .done(end) }
        switch stanza {
        case .message(var message):
            // A message to nobody is one to oneself (RFC 6120 §10.3.1).
            if message.to == nil { message.to = session.address.bare }
            return self.send(message, from: session, at: now)
        case .presence(let presence): return self.handle(presence, from: session)
        case .iq(let iq): return self.handle(iq, from: session, at: now)
        }
    }

    private mutating func handleFromService(_ stanza: Stanza) -> DomainStep {
        var stanza = stanza
        if stanza.from == nil { stanza.from = self.address }
        switch stanza {
        case .presence(let presence): return self.handleFromService(presence)
        case .message, .iq:
            guard stanza.to != nil else { return .done([]) }
            return .done([self.forward(stanza)])
        }
    }

    private mutating func route(_ stanza: Stanza, at now: Instant) -> DomainStep {
        guard let to = stanza.to else { return .done([]) }
        guard to.domain == self.address.domain else {
            guard let service = self.hosted[to.domain] else { return .done([]) }
            return service.handle(&self, stanza, now)
        }
        if to.local == nil { return self.routeToService(stanza, at: now) }
        var stanza = stanza
        if let end = self.inspect(&stanza, for: to.bare) { return .done(end) }
        if case .presence(let presence) = stanza {
            switch presence.kind {
            case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe:
                return self.routeManagement(presence, to: to.bare)
            case .available, .unavailable, .error:
                let told = presence.from.map { self.notice(presence, from: $0, for: to.bare, at: now) }
                return self.deliver(stanza, to: to, at: now).followed(by: told ?? [])
            }
        }
        return self.deliver(stanza, to: to, at: now)
    }

    private mutating func deliver(_ stanza: Stanza, to: JID, at now: Instant) -> DomainStep {
        let decision = DeliveryRules.decide(DeliveryRules.Kind(stanza), for: self.addressee(to))
        if case .message(let message) = stanza {
            return self.receive(message, for: to, decision, at: now)
        }
        switch decision {
        case .deliver(let sessions): return .done([.deliver(stanza, sessions)])
        case .drop, .store: return .done([])
        case .refuse(let condition): return .done(self.refuse(stanza, StanzaError(condition)))
        case .answerForAccount:
            guard case .iq(let iq) = stanza, let query = iq.request else { return .done([]) }
            return self.answer(
                AccountRequest(iq: iq, query: query, account: to.bare, session: nil, now: now))
        }
    }

    func addressee(_ to: JID) -> DeliveryRules.Addressee {
        guard self.hasAccount(to.bare) else { return .unknownAccount }
        // Nearly every stanza is for one session: the others need not be looked at then.
        if let match = self.sessions.session(at: to) { return .full(match: match.id, []) }
        let resources = self.sessions.sessions(of: to.bare).map { session in
            DeliveryRules.Resource(id: session.id, priority: session.isAvailable ? session.priority : nil)
        }
        return to.isBare
            ? .bare(resources) : .full(match: nil, resources)
    }

    /// A fresh id for a request of the server's own.
    mutating func makeID() -> String {
        defer { self.nextPush += 1 }
        return "push-\(self.nextPush)"
    }
}

extension JID {
    /// The full JID with an already prepared resource.
    func appending(resource: String) -> JID {
        JID(preparedLocal: self.local, domain: self.domain, resource: resource)
    }
}
