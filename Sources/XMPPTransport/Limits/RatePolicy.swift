package import XMPP

/// Who is held to which rate.
package struct RatePolicy: Hashable, Sendable {
    /// What one client may send; nil for no limit.
    package var clients: RateLimit?
    /// What one stream of another server may send; nil for no limit.
    package var remotes: RateLimit?
    /// Accounts (bare JIDs) and domains that no rate holds for: administrators and the agents of allies.
    package var exempt: Set<JID>

    package init(
        clients: RateLimit? = RateLimit(bytesPerSecond: 32_768, burst: 262_144),
        remotes: RateLimit? = RateLimit(bytesPerSecond: 4_194_304, burst: 16_777_216), exempt: Set<JID> = []
    ) {
        self.clients = clients
        self.remotes = remotes
        self.exempt = exempt
    }

    func rate(ofClient account: JID) -> RateLimit? {
        self.exempt.contains(account) ? nil : self.clients
    }

    func rate(ofRemote domain: String) -> RateLimit? {
        self.exempt.contains(JID(preparedLocal: nil, domain: domain, resource: nil)) ? nil : self.remotes
    }
}
