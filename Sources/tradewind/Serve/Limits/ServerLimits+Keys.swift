import XML
import XMPP
import XMPPServer
import XMPPTransport

/// The keys below `server.limits`, but for rates.
extension ServerLimits {
    static var keys: [LimitKey<Self>] {
        XMLLimits.keys.map { $0.part(\.transport.unauthenticated, below: "unauthenticated") }
            + XMLLimits.keys.map { $0.part(\.transport.client, below: "clients") }
            + XMLLimits.keys.map { $0.part(\.transport.remote, below: "servers") }
            + TransportLimits.keys.map { $0.part(\.transport) }
            + SessionLimits.keys.map { $0.part(\.sessions) }
            + Self.ownKeys
            + AccountLimits.keys.map { $0.part(\.accounts) }
            + RosterLimits.keys.map { $0.part(\.roster, below: "rosters") }
            + RosterLimits.keys.map { $0.part(\.serviceSubscribers, below: "subscribers") }
            + DocumentLimits.keys.map { $0.part(\.documents, below: "documents") }
            + ArchiveLimits.keys.map { $0.part(\.archive, below: "archives") }
            + PubSubLimits.keys.map { $0.part(\.pubSub, below: "nodes") }
    }

    private static var ownKeys: [LimitKey<Self>] {
        [
            .number("sessions-per-account", \.sessionsPerAccount),
            .number("directed-per-session", \.directedPerSession),
            .number("kept-messages", \.keptMessagesPerAccount),
            .number("kept-bytes", \.keptBytesPerAccount),
            .number("blocked-per-account", \.blockedPerAccount),
            .number("service-requests", \.pendingRequests),
            .number("service-stanzas-per-sender", \.serviceStanzasPerSender),
            .number("service-senders", \.serviceSenders),
        ]
    }
}

extension XMLLimits {
    fileprivate static var keys: [LimitKey<Self>] {
        [
            // RFC 6120 §13.12 forbids less than 10,000 bytes.
            .number("stanza-bytes", \.stanzaBytes, in: 10_000...67_108_864),
            .number("tag-bytes", \.tagBytes, in: 10_000...67_108_864),
            .number("elements", \.elementsPerStanza, in: 16...1_000_000),
            .number("depth", \.depth, in: 4...1_000),
            .number("attributes", \.attributesPerElement, in: 16...10_000),
            .number("namespaces", \.namespaceDeclarationsPerElement, in: 4...10_000),
            .number("names", \.namesPerStanza, in: 16...1_000_000),
            .number("memory-bytes", \.treeBytes, in: 10_000...1_000_000_000),
        ]
    }
}

extension TransportLimits {
    fileprivate static var keys: [LimitKey<Self>] { Self.times + Self.connectionKeys + Self.remoteKeys }

    private static func time(_ name: String, _ path: Time) -> LimitKey<Self> {
        LimitKey(
            name: name, kind: .time(get: { $0.duration(path) }, set: { $0.set(path, to: $1) }))
    }

    private static var times: [LimitKey<Self>] {
        [
            self.time("authentication-time", \.authenticationTime),
            self.time("handshake-time", \.handshakeTime),
            self.time("failure-delay", \.failureDelay),
            self.time("client-silence", \.clientSilence),
            self.time("client-answer", \.clientAnswer),
            self.time("server-idle", \.idleRemote),
            self.time("stanza-time", \.stanzaTime),
            self.time("keepalive", \.keepalive),
            self.time("connect-time", \.connectTime),
            self.time("connect-stagger", \.connectionStagger),
            self.time("retry-shortest", \.shortestBackOff),
            self.time("retry-longest", \.longestBackOff),
            self.time("dialback-time", \.dialbackVerificationTime),
            self.time("certificate-refusal-time", \.externalRefusalTime),
        ]
    }

    private static var connectionKeys: [LimitKey<Self>] {
        [
            .number("handshakes", \.handshakes),
            .number("failures-per-stream", \.authenticationFailures),
            .number("failures-per-address", \.failuresPerAddress),
            .number("failure-addresses", \.failureAddresses),
            .number("refusal-lines-per-address", \.refusalLinesPerAddress),
            .number("refusal-lines", \.refusalLines),
            .number("connections-per-address", \.connectionsPerAddress),
            .number("connections", \.connections),
            .number("password-hashes", \.passwordHashes),
            LimitKey(
                name: "backlog",
                kind: .number(1...65_535, get: { Int($0.backlog) }, set: { $0.backlog = Int32($1) })),
            .number("slow-stanzas", \.slowPeerStanzas),
            .number("slow-bytes", \.slowPeerBytes),
            .number("turn-bytes", \.burstBytes),
        ]
    }

    private static var remoteKeys: [LimitKey<Self>] {
        [
            .number("server-pairs", \.remotePairs, in: 1...100_000),
            .number("server-pairs-per-sender", \.remotePairsPerSender),
            .number("connecting-stanzas", \.connectingStanzas),
            .number("connecting-bytes", \.connectingBytes),
            .number("connecting-bytes-in-all", \.connectingBytesInAll),
            .number("dialback-verifications", \.dialbackVerifications, in: 1...10_000),
            .number("dialback-verifications-per-address", \.dialbackVerificationsPerAddress),
            .number("certificate-refusals", \.externalRefusals),
            .seconds("server-resumption-seconds", \.remoteResumptionSeconds),
            .number("server-resumptions", \.remoteResumptions),
            .number("server-resumptions-per-server", \.remoteResumptionsPerPeer),
            .number("server-resumption-bytes", \.remoteResumptionBytes),
            .number("server-unacknowledged-stanzas", \.remoteUnacknowledged.stanzas),
            .number("server-unacknowledged-bytes", \.remoteUnacknowledged.bytes),
        ]
    }
}

extension SessionLimits {
    fileprivate static var keys: [LimitKey<Self>] {
        [
            .seconds("resumption-seconds", \.resumptionSeconds),
            .number("hibernated-sessions", \.hibernatedPerAccount),
            .number("hibernated-stanzas", \.hibernated.stanzas),
            .number("hibernated-bytes", \.hibernated.bytes),
            .number("unacknowledged-stanzas", \.unacknowledged.stanzas),
            .number("unacknowledged-bytes", \.unacknowledged.bytes),
            .number("inactive-stanzas", \.inactiveStanzas),
            .number("inactive-bytes", \.inactiveBytes),
        ]
    }
}

extension AccountLimits {
    /// What the fewest characters of a password may be set to.
    static let fewestCharacters = 1...256

    fileprivate static var keys: [LimitKey<Self>] {
        [
            .number("accounts", \.accounts, in: 1...1_000_000),
            LimitKey(
                name: "password-shortest",
                kind: .number(
                    Self.fewestCharacters, get: { $0.passwordLength.lowerBound },
                    set: { $0.passwordLength = $1...max($1, $0.passwordLength.upperBound) })),
            LimitKey(
                name: "password-longest",
                kind: .number(
                    8...1_024, get: { $0.passwordLength.upperBound },
                    set: { $0.passwordLength = min($1, $0.passwordLength.lowerBound)...$1 })),
            .number("password-rounds", \.iterations, in: Self.fewestIterations...10_000_000),
        ]
    }
}

extension RosterLimits {
    fileprivate static var keys: [LimitKey<Self>] {
        [
            .number("items", \.items), .number("requests", \.pendingRequests),
            .number("request-bytes", \.requestBytes), .number("name-bytes", \.nameBytes),
            .number("groups", \.groups),
        ]
    }
}

extension DocumentLimits {
    fileprivate static var keys: [LimitKey<Self>] {
        [
            .number("bytes", \.bytes), .number("per-account", \.documents),
            .number("bytes-per-account", \.bytesPerAccount),
        ]
    }
}

extension ArchiveLimits {
    fileprivate static var keys: [LimitKey<Self>] {
        [
            .number("days", \.days, in: 1...36_500), .number("messages", \.messages),
            .number("slack", \.slack), .number("bytes", \.bytes), .number("slack-bytes", \.slackBytes),
            .number("page-messages", \.pageMessages), .number("page-bytes", \.pageBytes),
            .number("addresses", \.preferenceAddresses),
            .number("waiting-per-stream", \.waitingPerStream),
        ]
    }
}

extension PubSubLimits {
    fileprivate static var keys: [LimitKey<Self>] {
        [
            .number("per-account", \.nodesPerAccount), .number("feeds", \.feeds),
            .number("feeds-reserved", \.feedsReserved, in: 0...1_000_000_000),
            .number("feeds-per-creator", \.feedsPerCreator), .number("items", \.itemsPerNode),
            .number("item-bytes", \.itemBytes), .number("bytes-per-owner", \.bytesPerOwner),
            .number("feed-bytes", \.feedBytes),
            .number("feed-bytes-reserved", \.feedBytesReserved, in: 0...1_000_000_000),
            .number("subscriptions", \.subscriptionsPerNode),
            .number("subscriptions-per-person", \.subscriptionsPerSubscriber),
            .number("name-bytes", \.nameBytes), .number("answer-bytes", \.answerBytes),
            .number("changes-burst", \.changes.burst), .time("changes-interval", \.changes.interval),
            .number("publishers", \.watchedPublishers), .number("capabilities", \.capabilities),
            .number("interests", \.interests),
            .number("listeners-per-account", \.listenersPerAccount),
            .number("listeners-per-contact", \.listenersPerContact),
            .number("questions", \.pendingQuestions),
        ]
    }
}
