import XMPP

/// Subscriptions of accounts and of the service (RFC 6121 §3).
extension LocalDomain {
    /// The owner sends a subscription request; always from and to bare addresses (RFC 6121 §3.1.2).
    mutating func send(
        _ presence: Presence, _ request: SubscriptionRequest, owner: JID, session: ClientSession?
    ) -> DomainStep {
        guard let contact = presence.to?.bare, contact != owner, var roster = self.rosters[owner] else {
            let error = StanzaError(.badRequest, text: "a subscription request needs somebody else in 'to'")
            return .done(session.map { self.refuse(.presence(presence), error, to: $0) } ?? [])
        }
        let stamped = presence.from(owner, to: contact)
        do throws(StanzaError) {
            let outcome = try roster.send(request, to: contact)
            let cause = RosterUpdate.Cause.sent(stamped, request, isRouted: outcome.isRouted)
            guard let change = outcome.change else {
                return .done(self.follow(cause, owner: owner, contact: contact))
            }
            return .durable(
                .changeRoster(
                    RosterUpdate(owner: owner, roster: roster, change: change, cause: cause)))
        } catch {
            return .done(session.map { self.refuse(.presence(presence), error, to: $0) } ?? [])
        }
    }

    /// A subscription request or a probe arrives for an account or for the domain.
    mutating func routeManagement(_ presence: Presence, to owner: JID) -> DomainStep {
        guard let sender = presence.from else { return .done([]) }
        if presence.kind == .probe { return .done(self.answerProbe(of: owner, by: sender)) }
        guard let request = SubscriptionRequest(presence.kind), let roster = self.rosters[owner] else {
            return .done([])
        }
        let contact = sender.bare
        let stamped = presence.from(contact, to: owner)
        return self.receive(stamped, request, contact: contact, owner: owner, roster: roster)
    }

    private mutating func receive(
        _ presence: Presence, _ request: SubscriptionRequest, contact: JID, owner: JID, roster: Roster
    ) -> DomainStep {
        var roster = roster
        do throws(StanzaError) {
            // People of this domain may see the service they are served by without anybody's leave.
            if owner == self.address, request == .subscribe, self.hasAccount(contact) {
                _ = try roster.send(.subscribed, to: contact)
            }
            let outcome = try roster.receive(request, from: contact, presence: presence)
            let cause = RosterUpdate.Cause.received(
                presence, request, outcome.outcome, endsIncoming: outcome.endsIncoming)
            guard let change = outcome.change else {
                return .done(self.follow(cause, owner: owner, contact: contact))
            }
            return .durable(
                .changeRoster(RosterUpdate(owner: owner, roster: roster, change: change, cause: cause)))
        } catch {
            return .done(self.refuse(.presence(presence), error))
        }
    }

    /// The roster is on disk: what follows.
    package mutating func changed(_ update: RosterUpdate) -> [DomainDirective] {
        guard self.rosters[update.owner] != nil else { return [] }
        self.rosters[update.owner] = update.roster
        let consequences = self.follow(
            update.cause, owner: update.owner, contact: update.change.contact)
        let pushes = update.change.isVisible ? self.pushes(of: update.change, to: update.owner) : []
        switch update.cause {
        // The answer comes after the push, so that the client has seen the change when it is told of success.
        case .edited, .removed, .sent: return pushes + consequences
        // The client hears of the request before its roster shows the effect (RFC 6121 §3.1.6).
        case .received: return consequences + pushes
        }
    }

    /// The roster could not be written: nothing has changed, and whoever asked is told.
    package func failed(_ update: RosterUpdate) -> [DomainDirective] {
        let error = StanzaError(.internalServerError, kind: .wait, text: "the roster could not be stored")
        switch update.cause {
        case .edited(let request), .removed(let request, _):
            return self.answers(to: request, .error(error))
        case .sent(let presence, _, _), .received(let presence, _, _, _):
            return self.refuse(.presence(presence), error)
        }
    }

    private func follow(_ cause: RosterUpdate.Cause, owner: JID, contact: JID) -> [DomainDirective] {
        switch cause {
        case .edited(let request): return self.answers(to: request, .result(nil))
        case .removed(let request, let farewells):
            var directives = self.answers(to: request, .result(nil))
            for farewell in farewells {
                if farewell == .unsubscribed { directives += self.hide(owner, from: contact) }
                let presence = Presence(to: contact, from: owner, kind: farewell.presenceKind)
                directives.append(self.forward(.presence(presence)))
            }
            return directives
        case .sent(let presence, let request, let isRouted):
            guard isRouted else { return [] }
            let routed = self.forward(.presence(presence))
            switch request {
            case .subscribe, .unsubscribe: return [routed]
            case .subscribed: return [routed] + self.show(owner, to: contact)
            case .unsubscribed: return self.hide(owner, from: contact) + [routed]
            }
        case .received(let presence, let request, let outcome, let endsIncoming):
            let hidden = endsIncoming ? self.hide(owner, from: contact) : []
            switch outcome {
            case .ignore: return hidden
            case .deliver: return self.notify(owner, of: presence, request) + hidden
            case .approve:
                let granted = Presence(to: contact, from: owner, kind: .subscribed)
                return [self.forward(.presence(granted))] + self.show(owner, to: contact)
            }
        }
    }

    /// Shows a subscription request to the owner's clients, or to the service.
    private func notify(
        _ owner: JID, of presence: Presence, _ request: SubscriptionRequest
    ) -> [DomainDirective] {
        if owner == self.address { return [.serve(.presence(presence))] }
        let sessions = self.sessions.sessions(of: owner)
        let listeners: [SessionID]
        switch request {
        // Without a client it waits in the roster for the next one (RFC 6121 §3.1.3).
        case .subscribe: listeners = sessions.filter(\.isAvailable).map(\.id)
        case .subscribed, .unsubscribe, .unsubscribed:
            listeners = sessions.filter { $0.isInterested || $0.isAvailable }.map(\.id)
        }
        return listeners.isEmpty ? [] : [.deliver(.presence(presence), listeners)]
    }

    private func show(_ owner: JID, to contact: JID) -> [DomainDirective] {
        self.presences(of: owner).map { self.forward(.presence($0.from($0.from, to: contact))) }
    }

    private func hide(_ owner: JID, from contact: JID) -> [DomainDirective] {
        self.presences(of: owner).map { presence in
            self.forward(.presence(Presence(to: contact, from: presence.from, kind: .unavailable)))
        }
    }
}
