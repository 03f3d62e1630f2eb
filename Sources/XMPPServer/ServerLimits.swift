package import XMPPTransport

/// What the server takes before it says `resource-constraint`; what streams may cost is in `transport`.
package struct ServerLimits: Hashable, Sendable {
    package var transport: TransportLimits
    package var accounts: AccountLimits
    package var roster: RosterLimits
    /// Those who may subscribe to the domain's own presence, waiting and granted.
    package var serviceSubscribers: RosterLimits
    package var archive: ArchiveLimits
    package var pubSub: PubSubLimits
    /// Sessions of one account at a time.
    package var sessionsPerAccount: Int
    /// How sessions outlive their connections.
    package var sessions: SessionLimits
    /// Addresses that one session may direct presence at.
    package var directedPerSession: Int
    /// Messages kept for one account; the next is refused with `service-unavailable`.
    package var keptMessagesPerAccount: Int
    /// Bytes of these messages as XML; fewer than `TransportLimits.slowPeerBytes`, so that a client that logs in can be
    /// handed all of them at once.
    package var keptBytesPerAccount: Int
    /// Addresses that one account may block; beyond it, `resource-constraint`.
    package var blockedPerAccount: Int
    /// vCards and private data.
    package var documents: DocumentLimits
    /// Requests of the local service that wait for an answer.
    package var pendingRequests: Int
    /// Stanzas that wait for the local service from one sender (bare JID).
    package var serviceStanzasPerSender: Int
    /// Senders who have something waiting for the local service or being handled.
    package var serviceSenders: Int

    package init(
        transport: TransportLimits = TransportLimits(), accounts: AccountLimits = AccountLimits(),
        roster: RosterLimits = RosterLimits(),
        serviceSubscribers: RosterLimits = RosterLimits(items: 10_000, pendingRequests: 1_000),
        archive: ArchiveLimits = ArchiveLimits(), pubSub: PubSubLimits = PubSubLimits(),
        sessionsPerAccount: Int = 10, sessions: SessionLimits = SessionLimits(),
        directedPerSession: Int = 1_000, keptMessagesPerAccount: Int = 100,
        keptBytesPerAccount: Int = 524_288,
        blockedPerAccount: Int = 1_000, documents: DocumentLimits = DocumentLimits(),
        pendingRequests: Int = 1_000, serviceStanzasPerSender: Int = 100, serviceSenders: Int = 1_000
    ) {
        self.transport = transport
        self.accounts = accounts
        self.roster = roster
        self.serviceSubscribers = serviceSubscribers
        self.archive = archive
        self.pubSub = pubSub
        self.sessionsPerAccount = sessionsPerAccount
        self.sessions = sessions
        self.directedPerSession = directedPerSession
        self.keptMessagesPerAccount = keptMessagesPerAccount
        self.keptBytesPerAccount = keptBytesPerAccount
        self.blockedPerAccount = blockedPerAccount
        self.documents = documents
        self.pendingRequests = pendingRequests
        self.serviceStanzasPerSender = serviceStanzasPerSender
        self.serviceSenders = serviceSenders
    }
}
