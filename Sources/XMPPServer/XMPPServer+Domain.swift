import CloudModel
import Cryptography
import Storage
import XMPP

extension XMPPServer {
    /// Bytes of the secret from which the ids of archived messages are made.
    private static let archiveKeyLength = 32

    /// The domain as it was written to disk.
    static func domain(
        _ address: JID, stored: [StoredAccount], database: Database, configuration: Configuration,
        startedAt: Instant
    ) async throws -> LocalDomain {
        let store = AccountStore(database: database)
        let limits = configuration.limits
        let kept = try await store.keptMessages()
        let blocked = try await store.blockLists()
        var domain = LocalDomain(
            address: address, profile: ServiceProfile(), features: FeatureTable(configuration.features),
            sessions: SessionTable(
                sessionsPerAccount: limits.sessionsPerAccount,
                directedPerSession: limits.directedPerSession),
            serviceRoster: try Roster(
                try await store.domainRoster(), limits: limits.serviceSubscribers),
            keptPerAccount: limits.keptMessagesPerAccount,
            archive: try await Self.archive(database, configuration, store: store),
            pubSub: try await Self.pubSub(address, database, configuration),
            blockedPerAccount: limits.blockedPerAccount, documentLimits: limits.documents,
            contacts: configuration.contacts, startedAt: startedAt)
        if let feeds = domain.pubSub.feeds { domain.host(.feeds, at: feeds.domain) }
        for entry in stored {
            let username = entry.account.username
            domain.add(
                account: JID(preparedLocal: username, domain: address.domain, resource: nil),
                roster: try Roster(entry.roster, limits: limits.roster),
                keptMessages: kept[username] ?? 0, isDisabled: entry.account.isDisabled,
                blockList: BlockList(try Set((blocked[username] ?? []).map { try JID($0) })))
        }
        domain.messageOfTheDay = try await store.setting("motd")
        for size in try await store.documentSizes() {
            guard let area = DocumentName.Area(rawValue: size.area) else { continue }
            domain.documents.note(
                DocumentName(area: area, name: size.name, namespace: size.namespace), bytes: size.bytes,
                of: JID(preparedLocal: size.username, domain: address.domain, resource: nil))
        }
        return domain
    }

    private static func archive(
        _ database: Database, _ configuration: Configuration, store: AccountStore
    ) async throws -> MessageArchive? {
        guard let standard = configuration.archive else { return nil }
        let archive = ArchiveStore(database: database)
        var random = SecureRandom()
        let key = try await store.secret(for: "archive", orStore: random.bytes(Self.archiveKeyLength))
        var preferences: [JID: ArchivePreferences] = [:]
        for stored in try await archive.preferences() {
            preferences[try JID(stored.archive)] = try ArchivePreferences(stored)
        }
        return MessageArchive(
            ids: ArchiveIDs(key: key), limits: configuration.limits.archive, standard: standard,
            preferences: preferences, lastSequence: try await archive.lastSequence())
    }

    private static func pubSub(
        _ address: JID, _ database: Database, _ configuration: Configuration
    ) async throws -> PubSubTable {
        var table = PubSubTable(limits: configuration.limits.pubSub)
        if configuration.hasFeeds {
            table.openFeeds(at: try JID("feeds." + address.domain), of: address)
        }
        for node in try await PubSubStore(database: database).nodes() { try table.restore(node) }
        return table
    }
}
