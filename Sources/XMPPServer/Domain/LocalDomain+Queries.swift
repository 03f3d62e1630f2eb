import CloudModel
import XML
import XMPP

/// What the server answers itself, for accounts and for the domain.
extension LocalDomain {
    // MARK: Clients

    mutating func handle(_ iq: IQ, from session: ClientSession, at now: Instant) -> DomainStep {
        let account = session.address.bare
        if let to = iq.to, to != account { return .done([self.forward(.iq(iq))]) }
        // Without an address, the server is asked on the account's behalf (RFC 6120 §10.3.3).
        switch iq.body {
        case .result, .error: return .done([])
        case .get(let request) where RosterQuery.matches(request):
            return .done(self.sendRoster(iq, request, to: session))
        case .set(let request) where RosterQuery.matches(request):
            return self.edit(iq, request, of: session)
        case .set(let request) where SessionEstablishment.matches(request):
            // RFC 3921 §3: nothing is left to do, but old clients wait for the answer.
            return .done(self.answer(iq, .result(nil), session))
        case .get, .set:
            return .done([.deliver(.iq(self.answer(iq, for: account)), [session.id])])
        }
    }

    private func answer(_ iq: IQ, _ body: IQ.Body, _ session: ClientSession) -> [DomainDirective] {
        [.deliver(.iq(iq.reply(body)), [session.id])]
    }

    /// RFC 6121 §2.2; nothing but the version if the client has it already (§2.6.3).
    private mutating func sendRoster(
        _ iq: IQ, _ request: Element, to session: ClientSession
    ) -> [DomainDirective] {
        guard let roster = self.rosters[session.address.bare] else { return [] }
        do {
            let query = try RosterQuery(parsing: request)
            self.sessions.setInterested(session.id)
            let version = String(roster.version)
            if query.version == version { return self.answer(iq, .result(nil), session) }
            // Versions are for those who asked with one, even an empty one (RFC 6121 §2.6.2).
            let full = RosterQuery(
                version: query.version == nil ? nil : version, items: roster.listed.map(\.payload))
            return self.answer(iq, .result(full.element), session)
        } catch {
            return self.answer(iq, .error(StanzaError(.badRequest, text: error.problem)), session)
        }
    }

    private func edit(_ iq: IQ, _ request: Element, of session: ClientSession) -> DomainStep {
        let owner = session.address.bare
        guard var roster = self.rosters[owner] else { return .done([]) }
        do throws(StanzaError) {
            let item = try Self.editedItem(request)
            let contact = item.address.bare
            guard item.subscription == .remove else {
                let change = try roster.update(contact: contact, name: item.name, groups: item.groups)
                let cause = RosterUpdate.Cause.edited(iq, session.id)
                return .durable(
                    .changeRoster(
                        RosterUpdate(owner: owner, roster: roster, change: change, cause: cause)))
            }
            let removal = try roster.remove(contact: contact)
            let cause = RosterUpdate.Cause.removed(iq, session.id, farewells: removal.farewells)
            return .durable(
                .changeRoster(
                    RosterUpdate(owner: owner, roster: roster, change: removal.change, cause: cause)))
        } catch {
            return .done(self.answer(iq, .error(error), session))
        }
    }

    /// The one item of a roster set (RFC 6121 §2.1.5).
    private static func editedItem(_ request: Element) throws(StanzaError) -> RosterQuery.Item {
        do throws(PayloadError) {
            let query = try RosterQuery(parsing: request)
            guard query.items.count == 1, let item = query.items.first else {
                throw PayloadError("a roster set has exactly one item")
            }
            return item
        } catch {
            throw StanzaError(.badRequest, text: error.problem)
        }
    }

    /// What each client that asked for the roster is told of a change (RFC 6121 §2.1.6).
    mutating func pushes(of update: RosterUpdate) -> [DomainDirective] {
        let interested = self.sessions.sessions(of: update.owner).filter(\.isInterested)
        return interested.map { session in
            let item =
                update.change.item?.payload
                ?? RosterQuery.Item(address: update.change.contact, subscription: .remove)
            let push = RosterQuery(version: String(update.change.version), items: [item])
            let iq = IQ(
                to: session.address, from: update.owner, id: self.makeID(), body: .set(push.element))
            return .deliver(.iq(iq), [session.id])
        }
    }

    // MARK: Accounts

    /// The server's answer in the name of an account (RFC 6121 §8.5.2.1.3).
    func answer(_ iq: IQ, for account: JID) -> IQ {
        guard let asker = iq.from?.bare, let request = iq.request else {
            return iq.reply(.error(StanzaError(.badRequest)))
        }
        if RosterQuery.matches(request) {
            return iq.reply(.error(StanzaError(.forbidden, text: "the roster is its owner's alone")))
        }
        let maySee =
            asker == account || self.rosters[account]?[asker]?.subscription.incoming == .established
        guard maySee, case .get = iq.body else { return Self.refuse(iq) }
        if Ping.matches(request) { return iq.reply(.result(nil)) }
        if DiscoInfo.matches(request), request[attribute: "node"] == nil {
            let info = DiscoInfo(
                identities: [DiscoInfo.Identity(category: "account", type: "registered")],
                features: [Namespace.discoInfo, Namespace.discoItems, Namespace.ping])
            return iq.reply(.result(info.element))
        }
        if DiscoItems.matches(request), request[attribute: "node"] == nil {
            return iq.reply(.result(DiscoItems(items: []).element))
        }
        return Self.refuse(iq)
    }

    private static func refuse(_ iq: IQ) -> IQ {
        iq.reply(.error(StanzaError(.serviceUnavailable)))
    }

    // MARK: The domain

    /// A stanza for the domain: subscriptions and a few queries are the server's, all else the local service's.
    mutating func routeToService(_ stanza: Stanza, at now: Instant) -> DomainStep {
        switch stanza {
        case .message: return .done([.serve(stanza)])
        case .presence(let presence):
            switch presence.kind {
            case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe:
                return self.routeManagement(presence, to: self.address)
            case .available, .unavailable, .error: return .done([.serve(stanza)])
            }
        case .iq(let iq):
            guard let answer = self.answerForDomain(iq, at: now) else { return .done([.serve(stanza)]) }
            return .done([self.forward(.iq(answer))])
        }
    }

    private func answerForDomain(_ iq: IQ, at now: Instant) -> IQ? {
        guard iq.to == self.address, case .get(let request) = iq.body else { return nil }
        if Ping.matches(request) { return iq.reply(.result(nil)) }
        // A node belongs to whoever defined it: the local service.
        let hasNode = request[attribute: "node"] != nil
        if DiscoInfo.matches(request), !hasNode { return iq.reply(.result(self.info.element)) }
        if DiscoItems.matches(request), !hasNode {
            let items = self.profile.items.map {
                DiscoItems.Item(address: $0.address, node: $0.node, name: $0.name)
            }
            return iq.reply(.result(DiscoItems(items: items).element))
        }
        if SoftwareVersion.matches(request) {
            let version = SoftwareVersion(
                name: self.profile.softwareName, version: self.profile.softwareVersion)
            return iq.reply(.result(version.element))
        }
        if EntityTime.matches(request) {
            return iq.reply(.result(EntityTime(EntityTime.Reading(time: DateTime(now))).element))
        }
        return nil
    }

    private var info: DiscoInfo {
        let identities =
            [DiscoInfo.Identity(category: "server", type: "im", name: self.profile.softwareName)]
            + self.profile.identities.map {
                DiscoInfo.Identity(category: $0.category, type: $0.type, name: $0.name)
            }
        let own = [
            Namespace.discoInfo, Namespace.discoItems, Namespace.ping, Namespace.version, Namespace.time,
            "msgoffline",
        ]
        return DiscoInfo(
            identities: identities, features: Set(own + self.profile.features).sorted())
    }
}

extension RosterItem {
    /// The item as clients are shown it (RFC 6121 §2.1.2).
    var payload: RosterQuery.Item {
        let subscription: RosterQuery.Subscription =
            switch (self.subscription.outgoing, self.subscription.incoming) {
            case (.established, .established): .both
            case (.established, .none), (.established, .pending): .to
            case (.none, .established), (.pending, .established): .from
            case (.none, .none), (.none, .pending), (.pending, .none), (.pending, .pending): .none
            }
        return RosterQuery.Item(
            address: self.contact, name: self.name, subscription: subscription,
            isAsking: self.subscription.outgoing == .pending,
            isApproved: self.subscription.isPreApproved, groups: self.groups)
    }
}

extension DateTime {
    /// The instant as XMPP writes it.
    init(_ instant: Instant) {
        self.init(millisecondsSinceEpoch: instant.millisecondsSinceEpoch)
    }
}
