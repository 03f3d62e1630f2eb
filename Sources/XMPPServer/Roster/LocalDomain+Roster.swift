import XML
import XMPP

extension DomainFeature {
    /// Rosters with versions, and pre-approval (RFC 6121 §2, §3.4).
    static var roster: Self {
        var feature = Self("roster")
        feature.streamFeatures = [.rosterVersioning, .preApproval]
        feature.accountQueries = [
            .get(RosterQuery.self): AccountQuery(for: .owner) { $0.sendRoster($1) },
            .set(RosterQuery.self): AccountQuery(for: .owner) { $0.editRoster($1) },
        ]
        return feature
    }
}

extension LocalDomain {
    /// RFC 6121 §2.2; nothing but the version if the client has it already (§2.6.3).
    fileprivate mutating func sendRoster(_ request: AccountRequest) -> DomainStep {
        guard let session = request.session, let roster = self.rosters[request.account] else {
            return self.answer(request, .error(StanzaError(.forbidden)))
        }
        do throws(StanzaError) {
            let query = try RosterQuery(request: request.query)
            self.sessions.setInterested(session.id)
            let version = String(roster.version)
            if query.version == version { return self.answer(request, .result(nil)) }
            // Versions are for those who asked with one, even an empty one (RFC 6121 §2.6.2).
            let full = RosterQuery(
                version: query.version == nil ? nil : version, items: roster.listed.map(\.payload))
            return self.answer(request, .result(full.element))
        } catch {
            return self.answer(request, .error(error))
        }
    }

    fileprivate func editRoster(_ request: AccountRequest) -> DomainStep {
        let owner = request.account
        guard request.session != nil, var roster = self.rosters[owner] else {
            return self.answer(request, .error(StanzaError(.forbidden)))
        }
        do throws(StanzaError) {
            let item = try Self.editedItem(request.query)
            let contact = item.address.bare
            guard item.subscription == .remove else {
                let change = try roster.update(contact: contact, name: item.name, groups: item.groups)
                return .durable(
                    .changeRoster(
                        RosterUpdate(owner: owner, roster: roster, change: change, cause: .edited(request))))
            }
            let removal = try roster.remove(contact: contact)
            let cause = RosterUpdate.Cause.removed(request, farewells: removal.farewells)
            return .durable(
                .changeRoster(
                    RosterUpdate(owner: owner, roster: roster, change: removal.change, cause: cause)))
        } catch {
            return self.answer(request, .error(error))
        }
    }

    /// The one item of a roster set (RFC 6121 §2.1.5).
    private static func editedItem(_ request: Element) throws(StanzaError) -> RosterQuery.Item {
        let query = try RosterQuery(request: request)
        guard query.items.count == 1, let item = query.items.first else {
            throw StanzaError(.badRequest, text: "a roster set has exactly one item")
        }
        return item
    }

    /// What each client that asked for the roster is told of a change (RFC 6121 §2.1.6).
    mutating func pushes(of change: RosterChange, to owner: JID) -> [DomainDirective] {
        let interested = self.sessions.sessions(of: owner).filter(\.isInterested)
        return interested.map { session in
            let item =
                change.item?.payload ?? RosterQuery.Item(address: change.contact, subscription: .remove)
            let push = RosterQuery(version: String(change.version), items: [item])
            let iq = IQ(to: session.address, from: owner, id: self.makeID(), body: .set(push.element))
            return .deliver(.iq(iq), [session.id])
        }
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
