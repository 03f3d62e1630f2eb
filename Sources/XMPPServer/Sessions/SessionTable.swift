package import XMPP

/// Which clients are connected, under which resources, and what they told about themselves.
package struct SessionTable: Sendable {
    /// What binding a resource comes to (RFC 6120 §7.7).
    package enum OnBind: Hashable, Sendable {
        /// `displaced` had the same resource and is closed with `conflict`.
        case bound(ClientSession, displaced: SessionID?)
        /// The account has its full number of sessions: `resource-constraint`.
        case refused
    }

    /// Sessions of one account at a time.
    package let sessionsPerAccount: Int
    /// Addresses that one session may direct presence at, so that it cannot grow without bound.
    package let directedPerSession: Int
    private var sessions: [SessionID: ClientSession] = [:]
    private var resources: [JID: [String: SessionID]] = [:]
    private var nextNumber: UInt64 = 1

    package init(sessionsPerAccount: Int = 10, directedPerSession: Int = 1_000) {
        self.sessionsPerAccount = sessionsPerAccount
        self.directedPerSession = directedPerSession
    }

    package var count: Int { self.sessions.count }

    package subscript(id: SessionID) -> ClientSession? { self.sessions[id] }

    /// The sessions of a bare JID, by resource.
    package func sessions(of account: JID) -> [ClientSession] {
        guard let resources = self.resources[account] else { return [] }
        return resources.sorted { $0.key < $1.key }.compactMap { self.sessions[$0.value] }
    }

    package func session(at address: JID) -> ClientSession? {
        guard let resource = address.resource, let id = self.resources[address.bare]?[resource] else {
            return nil
        }
        return self.sessions[id]
    }

    /// Binds `resource` for an account; a session that had it gives way.
    package mutating func bind(account: JID, resource: String) -> OnBind {
        let displaced = self.resources[account]?[resource]
        let others = (self.resources[account]?.count ?? 0) - (displaced == nil ? 0 : 1)
        guard others < self.sessionsPerAccount else { return .refused }
        let id = SessionID(number: self.nextNumber)
        self.nextNumber += 1
        let address = JID(preparedLocal: account.local, domain: account.domain, resource: resource)
        let session = ClientSession(id: id, address: address)
        self.sessions[id] = session
        // The displaced session stays known by its id until it is removed, but its address is now the newcomer's.
        self.resources[account, default: [:]][resource] = id
        return .bound(session, displaced: displaced)
    }

    /// Records that another client has the session's resource: nobody sees it any more.
    package mutating func displace(_ id: SessionID) {
        _ = self.clearPresence(of: id)
        self.sessions[id]?.isInterested = false
        self.sessions[id]?.isDisplaced = true
    }

    /// Forgets a session; what it was, or nil if it was not known.
    package mutating func remove(_ id: SessionID) -> ClientSession? {
        guard let session = self.sessions.removeValue(forKey: id) else { return nil }
        let account = session.address.bare
        if let resource = session.address.resource, self.resources[account]?[resource] == id {
            self.resources[account]?[resource] = nil
            if self.resources[account]?.isEmpty == true { self.resources[account] = nil }
        }
        return session
    }

    /// Records a presence without `to`; whether it is the first of the session (RFC 6121 §4.2).
    package mutating func setPresence(_ presence: Presence, priority: Int8, of id: SessionID) -> Bool {
        let isInitial = self.sessions[id].map { !$0.isAvailable } ?? false
        self.sessions[id]?.presence = presence
        self.sessions[id]?.priority = priority
        return isInitial
    }

    /// Records that a session is no longer available; what it was.
    package mutating func clearPresence(of id: SessionID) -> ClientSession? {
        guard let session = self.sessions[id] else { return nil }
        self.sessions[id]?.presence = nil
        self.sessions[id]?.priority = 0
        self.sessions[id]?.directed = []
        return session
    }

    package mutating func setInterested(_ id: SessionID) {
        self.sessions[id]?.isInterested = true
    }

    /// Records presence directed at `address`; false if the session has directed at too many.
    package mutating func direct(at address: JID, isAvailable: Bool, from id: SessionID) -> Bool {
        guard let session = self.sessions[id] else { return false }
        if !isAvailable {
            self.sessions[id]?.directed.remove(address)
            return true
        }
        guard session.directed.contains(address) || session.directed.count < self.directedPerSession else {
            return false
        }
        self.sessions[id]?.directed.insert(address)
        return true
    }
}
