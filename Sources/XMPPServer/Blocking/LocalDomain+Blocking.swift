import XML
import XMPP

extension DomainFeature {
    /// Blocking of addresses (XEP-0191).
    static var blocking: Self {
        var feature = Self("blocking")
        feature.domainFeatures = [Namespace.blocking]
        feature.accountQueries = [
            .get(BlockListQuery.self): AccountQuery(for: .owner) { $0.sendBlockList($1) },
            .set(Block.self): AccountQuery(for: .owner) { $0.block($1) },
            .set(Unblock.self): AccountQuery(for: .owner) { $0.unblock($1) },
        ]
        return feature
    }
}

extension LocalDomain {
    // MARK: Requests

    fileprivate mutating func sendBlockList(_ request: AccountRequest) -> DomainStep {
        if let session = request.session { self.blocking.listen(session.id) }
        let list = BlockListQuery(self.blocking[request.account].listed)
        return self.answer(request, .result(list.element))
    }

    fileprivate func block(_ request: AccountRequest) -> DomainStep {
        do throws(StanzaError) {
            let wanted = try Block(request: request.query)
            guard !wanted.addresses.contains(where: { $0.bare == request.account }) else {
                throw StanzaError(.notAcceptable, text: "one cannot block oneself")
            }
            var list = self.blocking[request.account]
            let before = list.addresses
            list.block(wanted.addresses)
            guard list.addresses.count <= self.blocking.addressesPerAccount else {
                throw StanzaError(
                    .resourceConstraint,
                    text: "no more than \(self.blocking.addressesPerAccount) addresses can be blocked")
            }
            return .durable(
                .changeBlockList(
                    BlockListUpdate(
                        request: request, list: list, added: list.addresses.subtracting(before).sorted(),
                        removed: [], push: .block(wanted))))
        } catch {
            return self.answer(request, .error(error))
        }
    }

    fileprivate func unblock(_ request: AccountRequest) -> DomainStep {
        do throws(StanzaError) {
            let wanted = try Unblock(request: request.query)
            var list = self.blocking[request.account]
            let before = list.addresses
            list.unblock(wanted.addresses.isEmpty ? list.listed : wanted.addresses)
            return .durable(
                .changeBlockList(
                    BlockListUpdate(
                        request: request, list: list, added: [],
                        removed: before.subtracting(list.addresses).sorted(), push: .unblock(wanted))))
        } catch {
            return self.answer(request, .error(error))
        }
    }

    // MARK: Consequences

    /// The list is on disk: those concerned see the account vanish or come back, and its clients are told.
    package mutating func changed(_ update: BlockListUpdate) -> [DomainDirective] {
        let account = update.request.account
        guard self.hasAccount(account) else { return [] }
        let before = self.blocking[account]
        // While the old list is in force for those who come back, and the new one not yet for those who vanish.
        let farewells = self.farewells(of: account, to: update)
        self.blocking[account] = update.list
        if !update.added.isEmpty {
            let fresh = BlockList(Set(update.added))
            self.pubSub.capabilities.forgetListeners(to: account) { address in
                address.bare != account && fresh.blocks(address)
            }
        }
        let returns = update.removed.isEmpty ? [] : self.returns(of: account, since: before)
        return farewells + self.pushes(of: update) + self.answers(to: update.request, .result(nil)) + returns
    }

    /// The list could not be written: nothing has changed.
    package func failed(_ update: BlockListUpdate) -> [DomainDirective] {
        let error = StanzaError(
            .internalServerError, kind: .wait, text: "the block list could not be stored")
        return self.answers(to: update.request, .error(error))
    }

    private func pushes(of update: BlockListUpdate) -> [DomainDirective] {
        let element: Element =
            switch update.push {
            case .block(let block): block.element
            case .unblock(let unblock): unblock.element
            }
        let listeners = self.sessions.sessions(of: update.request.account).filter { session in
            self.blocking.listeners.contains(session.id)
        }
        return listeners.map { session in
            let id = "block-\(update.request.iq.id)-\(session.id.number)"
            let push = IQ(to: session.address, from: update.request.account, id: id, body: .set(element))
            return .deliver(.iq(push), [session.id])
        }
    }

    /// Tells those who are now blocked and saw the account that it is gone (XEP-0191 §3.3).
    private mutating func farewells(of account: JID, to update: BlockListUpdate) -> [DomainDirective] {
        guard !update.added.isEmpty else { return [] }
        let fresh = BlockList(Set(update.added))
        let subscribers = (self.rosters[account]?.subscribers ?? []).filter(fresh.blocks)
        var directives: [DomainDirective] = []
        for session in self.sessions.sessions(of: account) {
            let directed = session.directed.filter(fresh.blocks).sorted()
            let seers = (session.isAvailable ? subscribers : []) + directed
            for address in seers {
                let farewell = Presence(to: address, from: session.address, kind: .unavailable)
                directives.append(self.forward(.presence(farewell)))
            }
            for address in directed {
                _ = self.sessions.direct(at: address, isAvailable: false, from: session.id)
            }
        }
        return directives
    }

    /// Shows the account again to those who are blocked no longer (XEP-0191 §3.4), and asks for the presence of those it
    /// sees: what they said meanwhile was not listened to.
    private func returns(of account: JID, since before: BlockList) -> [DomainDirective] {
        let (blocking, presences) = (self.blocking, self.presences(of: account))
        func isFreed(_ contact: JID) -> Bool {
            before.blocks(contact) && !blocking.blocks(contact, for: account)
        }
        let shown = (self.rosters[account]?.subscribers ?? []).filter(isFreed).flatMap { contact in
            presences.map { self.forward(.presence($0.from($0.from, to: contact))) }
        }
        let watched = (self.rosters[account]?.watched ?? []).filter(isFreed)
        let probes = presences.compactMap(\.from).flatMap { address in
            watched.map { self.forward(.presence(Presence(to: $0, from: address, kind: .probe))) }
        }
        return shown + probes
    }

    // MARK: Traffic

    /// What a client is told that writes to somebody its account blocks; nil if nobody is blocked.
    func refuseIfBlocked(_ stanza: Stanza, from session: ClientSession) -> [DomainDirective]? {
        guard !self.blocking.lists.isEmpty, let to = stanza.to, to.bare != session.address.bare,
            self.blocking.blocks(to, for: session.address.bare)
        else { return nil }
        let error = StanzaError(
            .notAcceptable, kind: .cancel, text: "\(to) is blocked",
            detail: Element("blocked", namespace: Namespace.blockingErrors))
        return self.refuse(stanza, error, to: session)
    }

    /// What somebody hears who writes to an account that blocks him: what he would hear if nobody were there.
    func refuseIfBlocked(_ stanza: Stanza, for account: JID) -> [DomainDirective]? {
        guard !self.blocking.lists.isEmpty, let from = stanza.from, from.bare != account,
            self.blocking.blocks(from, for: account)
        else { return nil }
        switch stanza {
        case .presence: return []
        // A room takes an error for the end of the client (XEP-0045 §18.1.2), which is not what one wants who does not
        // want to hear one of its occupants.
        case .message(let message) where message.isOfARoom: return []
        case .message, .iq: return self.refuse(stanza, StanzaError(.serviceUnavailable))
        }
    }
}

extension Message {
    /// Whether a room passes it on: what was said to all, or to one occupant (XEP-0045 §7.4, §7.5).
    fileprivate var isOfARoom: Bool {
        self.kind == .groupchat || self.payloads.contains { $0.matches("x", Namespace.roomUser) }
    }
}
