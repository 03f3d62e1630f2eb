import XML
import XMPP

/// Presence of clients and of the service (RFC 6121 §4).
extension LocalDomain {
    mutating func handle(_ presence: Presence, from session: ClientSession) -> DomainStep {
        if let request = SubscriptionRequest(presence.kind) {
            return self.send(presence, request, owner: session.address.bare, session: session)
        }
        switch presence.kind {
        case .available where presence.to == nil: return self.announce(presence, from: session)
        case .unavailable where presence.to == nil:
            guard let before = self.sessions.clearPresence(of: session.id) else { return .done([]) }
            return .done(self.sayUnavailable(before, with: presence))
        case .available, .unavailable: return .done(self.direct(presence, from: session))
        case .probe:
            let error = StanzaError(.notAllowed, text: "probes are the server's business")
            return .done(self.refuse(.presence(presence), error, to: session))
        case .error: return .done(presence.to == nil ? [] : [self.forward(.presence(presence))])
        case .subscribe, .subscribed, .unsubscribe, .unsubscribed: return .done([])
        }
    }

    private mutating func announce(_ presence: Presence, from session: ClientSession) -> DomainStep {
        guard let priority = presence.priority else {
            let error = StanzaError(.badRequest, text: "the priority is not a number from -128 to 127")
            return .done(self.refuse(.presence(presence), error, to: session))
        }
        let isWilling = priority >= 0
        let wasWilling = session.isAvailable && session.priority >= 0
        if isWilling, !wasWilling, self.keptMessages[session.address.bare] != nil {
            return .durable(.takeKept(session.id, presence))
        }
        return .done(self.becomeAvailable(session, presence))
    }

    /// Records the presence and tells everybody who may know (RFC 6121 §4.2, §4.4).
    mutating func becomeAvailable(_ session: ClientSession, _ presence: Presence) -> [DomainDirective] {
        let account = session.address.bare
        let isInitial = self.sessions.setPresence(
            presence, priority: presence.priority ?? 0, of: session.id)
        var directives = self.broadcast(presence, from: session.address)
        directives.append(
            .deliver(.presence(presence.from(session.address, to: account)), self.availableIDs(account)))
        directives += self.notice(presence, from: session.address, for: account, at: self.latest)
        guard isInitial, let roster = self.rosters[account] else { return directives }
        for other in self.sessions.sessions(of: account) where other.id != session.id {
            guard let theirs = other.presence else { continue }
            directives.append(.deliver(.presence(theirs.from(other.address, to: account)), [session.id]))
        }
        directives += self.probes(to: roster.watched, from: session.address)
        for request in roster.pendingRequests {
            directives.append(.deliver(.presence(request.from(request.from, to: account)), [session.id]))
        }
        return directives + self.greeting(for: session)
    }

    /// Tells everybody who knew that the session was there that it is not any more (RFC 6121 §4.5, §4.6).
    mutating func sayUnavailable(
        _ session: ClientSession, with presence: Presence?
    ) -> [DomainDirective] {
        let farewell = presence ?? Presence(to: nil, kind: .unavailable)
        let account = session.address.bare
        // Whom the broadcast reaches is told once.
        let directed = session.directed.sorted().filter { address in
            !session.isAvailable || !self.hears(address.bare, of: account)
        }
        var directives = directed.map { address in
            self.forward(.presence(farewell.from(session.address, to: address)))
        }
        guard session.isAvailable else { return directives }
        self.pubSub.capabilities.unavailable(.init(owner: account, address: session.address))
        self.noteGone(session, with: farewell)
        directives += self.broadcast(farewell, from: session.address)
        let others = self.availableIDs(account).filter { $0 != session.id }
        if !others.isEmpty {
            directives.append(.deliver(.presence(farewell.from(session.address, to: account)), others))
        }
        return directives
    }

    private mutating func direct(_ presence: Presence, from session: ClientSession) -> [DomainDirective] {
        guard let to = presence.to else { return [] }
        if !session.isAvailable || !self.hears(to.bare, of: session.address.bare) {
            let isTaken = self.sessions.direct(
                at: to, isAvailable: presence.kind == .available, from: session.id)
            guard isTaken else {
                let error = StanzaError(
                    .resourceConstraint, text: "presence was directed at too many addresses")
                return self.refuse(.presence(presence), error, to: session)
            }
        }
        return [self.forward(.presence(presence))]
    }

    /// Whether somebody gets the presence of an account's clients without its being directed at him.
    private func hears(_ listener: JID, of account: JID) -> Bool {
        listener == account || self.rosters[account]?[listener]?.subscription.incoming == .established
    }

    // MARK: The service

    mutating func handleFromService(_ presence: Presence) -> DomainStep {
        if let request = SubscriptionRequest(presence.kind) {
            return self.send(presence, request, owner: self.address, session: nil)
        }
        guard presence.to == nil else { return .done([self.forward(.presence(presence))]) }
        switch presence.kind {
        case .available:
            let isInitial = self.servicePresence == nil
            self.servicePresence = presence
            let probes = isInitial ? self.rosters[self.address]?.watched ?? [] : []
            return .done(
                self.broadcast(presence, from: self.address) + self.probes(to: probes, from: self.address))
        case .unavailable:
            self.servicePresence = presence
            return .done(self.broadcast(presence, from: self.address))
        case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe, .error: return .done([])
        }
    }

    /// What those who ask after the domain are told: it is there whenever the server is, unless the service says else.
    var presenceOfService: Presence {
        self.servicePresence ?? Presence(to: nil)
    }

    // MARK: Probes

    /// Answers a probe (RFC 6121 §4.3.2); one who may not know is told `unsubscribed`: account or no account, and with a
    /// request waiting or not, for silence in that case would tell that there is an account (RFC 6120 §13.11).
    func answerProbe(of owner: JID, by prober: JID) -> [DomainDirective] {
        let item = self.rosters[owner]?[prober.bare]
        guard item?.subscription.incoming == .established || owner == prober.bare else {
            let shown = self.sessions.sessions(of: owner).filter { session in
                session.directed.contains { $0 == prober || $0.bare == prober }
            }
            // Those at whom presence was directed know that much, and are told no more (RFC 6121 §4.6.3).
            guard shown.isEmpty else {
                return shown.map { self.forward(.presence(Presence(to: prober, from: $0.address))) }
            }
            return [
                self.forward(.presence(Presence(to: prober.bare, from: owner, kind: .unsubscribed)))
            ]
        }
        let presences = self.presences(of: owner)
        guard !presences.isEmpty else {
            return [self.forward(.presence(Presence(to: prober, from: owner, kind: .unavailable)))]
        }
        return presences.map { self.forward(.presence($0.from($0.from, to: prober))) }
    }

    /// The current presence of each available resource of an account, or of the domain; each with its `from`.
    func presences(of owner: JID) -> [Presence] {
        if owner == self.address { return [self.presenceOfService.from(self.address, to: nil)] }
        return self.sessions.sessions(of: owner).compactMap { session in
            session.presence?.from(session.address, to: nil)
        }
    }

    private func probes(to contacts: [JID], from address: JID) -> [DomainDirective] {
        contacts.compactMap { contact in
            guard !self.blocking.blocks(contact, for: address.bare) else { return nil }
            return self.forward(.presence(Presence(to: contact, from: address, kind: .probe)))
        }
    }

    /// To the subscribers, except those who are blocked: they have been told that nobody is there.
    private func broadcast(_ presence: Presence, from address: JID) -> [DomainDirective] {
        (self.rosters[address.bare]?.subscribers ?? []).compactMap { contact in
            guard !self.blocking.blocks(contact, for: address.bare) else { return nil }
            return self.forward(.presence(presence.from(address, to: contact)))
        }
    }

    func availableIDs(_ account: JID) -> [SessionID] {
        self.sessions.sessions(of: account).filter(\.isAvailable).map(\.id)
    }
}

extension Presence {
    /// The same presence with these addresses.
    func from(_ from: JID?, to: JID?) -> Presence {
        var presence = self
        presence.from = from
        presence.to = to
        return presence
    }
}
