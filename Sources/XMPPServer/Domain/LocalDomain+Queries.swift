import CloudModel
import XML
import XMPP

/// What the server answers itself, for accounts and for the domain; by whom is in `features`.
extension LocalDomain {
    // MARK: Accounts

    /// A request or an answer of a client's.
    mutating func handle(_ iq: IQ, from session: ClientSession, at now: Instant) -> DomainStep {
        let account = session.address.bare
        if let to = iq.to, to != account { return .done([self.forward(.iq(iq))]) }
        // Without an address, the server is asked on the account's behalf (RFC 6120 §10.3.3).
        guard let query = iq.request else { return .done([]) }
        return self.answer(
            AccountRequest(iq: iq, query: query, account: account, session: session, now: now))
    }

    /// The server's answer in the name of an account (RFC 6121 §8.5.2.1.3).
    mutating func answer(_ request: AccountRequest) -> DomainStep {
        guard let name = QueryName(request.iq.body), let query = self.features.accountQuery(name) else {
            return self.answer(request, .error(StanzaError(.serviceUnavailable)))
        }
        switch query.audience {
        case .anyone: break
        case .viewers:
            guard self.maySee(request) else {
                return self.answer(request, .error(StanzaError(.serviceUnavailable)))
            }
        case .owner:
            guard request.isFromOwner else { return self.refuseStranger(request) }
        }
        return query.handle(&self, request)
    }

    /// Whether the asker may know that the account exists.
    private func maySee(_ request: AccountRequest) -> Bool {
        request.isFromOwner
            || self.rosters[request.account]?[request.asker]?.subscription.incoming == .established
    }

    /// One who asks for what is the owner's alone: people of the domain and those who see the owner hear that it is
    /// forbidden; all others must not learn that there is such an account (RFC 6120 §13.11).
    private func refuseStranger(_ request: AccountRequest) -> DomainStep {
        guard self.maySee(request) || self.hasAccount(request.asker) else {
            return self.answer(request, .error(StanzaError(.serviceUnavailable)))
        }
        return self.answer(
            request, .error(StanzaError(.forbidden, text: "this is for \(request.account) alone")))
    }

    /// Answers the request of a client or of somebody elsewhere.
    func answer(_ request: AccountRequest, _ body: IQ.Body) -> DomainStep {
        .done(self.answers(to: request, body))
    }

    /// As `answer(_:_:)`, for what follows a durable step.
    func answers(to request: AccountRequest, _ body: IQ.Body) -> [DomainDirective] {
        let reply = Stanza.iq(request.iq.reply(body))
        guard let session = request.session else { return [self.forward(reply)] }
        return [.deliver(reply, [session.id])]
    }

    /// Hands an answer to the client that asked, or sends it to wherever somebody else asked from.
    func hand(_ stanza: Stanza, to session: SessionID?) -> DomainDirective {
        guard let session else { return self.forward(stanza) }
        return .deliver(stanza, [session])
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
            return self.answerForDomain(iq, at: now) ?? .done([.serve(stanza)])
        }
    }

    private mutating func answerForDomain(_ iq: IQ, at now: Instant) -> DomainStep? {
        guard iq.to == self.address, let query = iq.request, let name = QueryName(iq.body),
            let handle = self.features.domainQuery(name)
        else { return nil }
        return handle(&self, DomainRequest(iq: iq, query: query, now: now))
    }

    func answer(_ request: DomainRequest, _ body: IQ.Body) -> DomainStep {
        .done([self.forward(.iq(request.iq.reply(body)))])
    }
}

extension DateTime {
    /// The instant as XMPP writes it.
    init(_ instant: Instant) {
        self.init(millisecondsSinceEpoch: instant.millisecondsSinceEpoch)
    }
}
