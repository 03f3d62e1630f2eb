package import CloudModel
import XML
import XMPP

/// When an account was last there, and what it said as it went (XEP-0012 §3).
package struct LastSeen: Hashable, Sendable {
    package let at: Instant
    package let status: String?
}

extension DomainFeature {
    /// Since when the server runs, and when somebody was last there (XEP-0012).
    ///
    /// The latter is remembered for as long as the server runs.
    static var lastActivity: Self {
        var feature = Self("last activity")
        feature.accountFeatures = [Namespace.lastActivity]
        feature.domainFeatures = [Namespace.lastActivity]
        feature.accountQueries = [
            .get(LastActivity.self): AccountQuery(for: .viewers) { $0.sendLastActivity($1) }
        ]
        feature.domainQueries = [
            .get(LastActivity.self): { domain, request in
                let seconds = max(0, domain.startedAt.duration(to: request.now).components.seconds)
                return domain.answer(request, .result(LastActivity(seconds: seconds).element))
            }
        ]
        return feature
    }
}

extension LocalDomain {
    fileprivate func sendLastActivity(_ request: AccountRequest) -> DomainStep {
        if !self.availableIDs(request.account).isEmpty || request.session != nil {
            return self.answer(request, .result(LastActivity(seconds: 0).element))
        }
        guard let last = self.lastSeen[request.account] else {
            return self.answer(request, .error(StanzaError(.serviceUnavailable)))
        }
        let seconds = max(0, last.at.duration(to: request.now).components.seconds)
        return self.answer(request, .result(LastActivity(seconds: seconds, status: last.status).element))
    }

    /// Remembers when the last client of an account went.
    mutating func noteGone(_ session: ClientSession, with farewell: Presence) {
        let account = session.address.bare
        guard self.sessions.sessions(of: account).allSatisfy({ !$0.isAvailable || $0.id == session.id })
        else { return }
        self.lastSeen[account] = LastSeen(at: self.latest, status: farewell.status)
    }
}
