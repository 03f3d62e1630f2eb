import CloudModel
import XML
package import XMPP

extension DomainFeature {
    /// A client changes its password or deletes its account (XEP-0077 §3.2, §3.3).
    ///
    /// Accounts are never made this way, and nothing is offered before authentication.
    static var registration: Self {
        var feature = Self("registration")
        feature.domainFeatures = [Namespace.registration]
        feature.accountQueries = [
            .get(Registration.self): AccountQuery(for: .owner) { domain, request in
                let form = Registration(
                    isRegistered: true, username: request.account.local, password: "")
                return domain.answer(request, .result(form.element))
            },
            .set(Registration.self): AccountQuery(for: .owner) { $0.changeAccount($1) },
        ]
        feature.domainQueries = [
            .get(Registration.self): { $0.answerForOwner($1) },
            .set(Registration.self): { $0.answerForOwner($1) },
        ]
        return feature
    }
}

extension LocalDomain {
    /// The least time between two changes of one account's password: each costs as much as a thousand messages.
    package static let passwordInterval = Duration.seconds(10)

    /// Accounts whose password is being changed at a time.
    ///
    /// Each keeps one of the places for readers until it is written down; the others are left to those who read.
    package static let passwordChangesAtOnce = 2

    /// The same asked of the domain is meant for the asker's account (XEP-0077 §3.2).
    fileprivate mutating func answerForOwner(_ request: DomainRequest) -> DomainStep {
        guard let asker = request.iq.from, let session = self.sessions.session(at: asker) else {
            return self.answer(request, .error(StanzaError(.notAllowed)))
        }
        return self.answer(
            AccountRequest(
                iq: request.iq, query: request.query, account: asker.bare, session: session, now: request.now)
        )
    }

    fileprivate mutating func changeAccount(_ request: AccountRequest) -> DomainStep {
        do throws(StanzaError) {
            guard request.session != nil else { throw StanzaError(.forbidden) }
            let wish = try Registration(request: request.query)
            if wish.isRemoval { return .durable(.changeAccount(.delete(request))) }
            guard let username = wish.username, let password = wish.password, !password.isEmpty else {
                throw StanzaError(.badRequest, text: "a new password needs 'username' and 'password'")
            }
            guard Self.names(username, request.account) else {
                throw StanzaError(.notAllowed, text: "only the password of \(request.account) can be changed")
            }
            try self.checkPasswordChange(of: request)
            return .durable(.changeAccount(.setPassword(password, request)))
        } catch {
            return self.answer(request, .error(error))
        }
    }

    private static func names(_ username: String, _ account: JID) -> Bool {
        do {
            return try JID(local: username[...], domain: account.domain[...]) == account
        } catch {
            return false
        }
    }

    private func checkPasswordChange(of request: AccountRequest) throws(StanzaError) {
        let last = self.passwordChanges[request.account]
        if self.changingPasswords.contains(request.account)
            || last.map({ $0.duration(to: request.now) < Self.passwordInterval }) == true
        {
            throw StanzaError(
                .resourceConstraint, text: "the password was changed just now; wait some seconds")
        }
        guard self.changingPasswords.count < Self.passwordChangesAtOnce else {
            throw StanzaError(
                .resourceConstraint, text: "others are changing their passwords; wait some seconds")
        }
    }

    /// The password is about to be hashed and written; why not, if another change was quicker.
    ///
    /// What has begun ends with `changedPassword`.
    package mutating func beginPasswordChange(_ request: AccountRequest) -> StanzaError? {
        do throws(StanzaError) {
            try self.checkPasswordChange(of: request)
        } catch {
            return error
        }
        self.changingPasswords.insert(request.account)
        return nil
    }

    /// The account has its new password; or why not.
    package mutating func changedPassword(
        _ problem: StanzaError?, for request: AccountRequest
    ) -> [DomainDirective] {
        self.changingPasswords.remove(request.account)
        if let problem { return self.answers(to: request, .error(problem)) }
        self.passwordChanges[request.account] = request.now
        return self.answers(to: request, .result(nil))
    }

    /// The account is gone from the disk; or why not.
    package mutating func deletedAccount(
        _ problem: StanzaError?, for request: AccountRequest
    ) -> [DomainDirective] {
        if let problem { return self.answers(to: request, .error(problem)) }
        return self.answers(to: request, .result(nil)) + self.remove(account: request.account)
    }
}
